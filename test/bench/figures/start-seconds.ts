import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { toCacheDir } from "../../../cli/cache-dir.js";
import { testNatsProgram } from "../../support/nats.ts";
import { tempDir } from "../../support/temp.ts";
import type { Figure } from "../figure.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const startsMax = 3;

export const startSeconds: Figure = {
  name: "start_seconds",
  unit: "s",
  better: "lower",
  goal: 3,
  about: "npm start to ready with the sample models, installed and with NATS present",
  measure: async (bench) => {
    const values: number[] = [];
    // The first start fills the cache of compiled code, as the first start after an installation.
    bench.progress("npm start, to fill the cache");
    const first = await startOnce();
    for (let start = 0; start < Math.min(startsMax, bench.effort.pairs); start += 1) {
      bench.progress(`npm start, ${start + 1}`);
      values.push(await startOnce());
    }
    return { kind: "measured", values, note: `the first one took ${first.toFixed(2)} s` };
  },
};

async function startOnce(): Promise<number> {
  await using folder = await tempDir();
  const ports = ["GRPC", "METRICS", "MONITOR_GRPC", "MONITOR_HTTP", "MONITOR_METRICS", "OTLP"];
  const env = {
    ...process.env,
    NATS_URL: undefined,
    SLUICE_DATA: join(folder.path, "data"),
    SLUICE_MODELS: join(root, "models"),
    SLUICE_CACHE: toCacheDir(process.env),
    SLUICE_NATS_SERVER: await testNatsProgram(),
    ...Object.fromEntries(ports.map((name) => [`SLUICE_${name}_PORT`, "0"])),
  };
  const startMs = performance.now();
  const child = spawn("npm", ["start"], { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "close");
  let output = "";
  const isReady = new Promise<boolean>((resolve) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/^serving on /m.test(output)) resolve(true);
    });
    child.once("close", () => resolve(false));
  });
  const wasReady = await isReady;
  const seconds = (performance.now() - startMs) / 1000;
  child.kill("SIGTERM");
  await ended;
  if (!wasReady) throw new Error(`npm start ended:\n${output}`);
  return seconds;
}
