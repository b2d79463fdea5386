import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const program = join(import.meta.dirname, "../support/queued-requests.ts");
const msMax = 60_000;

it(
  "retains less than 1 KB for a queued request of 300 bytes",
  async () => {
    const args = ["--expose-gc", program];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: msMax });
    const bytes = Number(stdout);
    expect(bytes).toBeGreaterThan(300);
    expect(bytes).toBeLessThan(1_000);
  },
  msMax,
);
