import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";

const logModule = JSON.stringify(new URL("./log.ts", import.meta.url).href);

/** Logs two lines when its standard input ends, and fails in the same turn. */
const program = `
  const { openLog } = await import(${logModule});
  const log = openLog({ service: "test" });
  for await (const _ of process.stdin);
  log.info("first", { number: 1 });
  log.warn("second");
  process.exit(7);
`;

function start() {
  const args = ["--input-type=module", "--eval", program];
  return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
}

it("loses nothing when the process ends at once", async () => {
  const child = start();
  const exit = once(child, "exit");
  child.stdin.end();
  const lines = (await child.stdout.toArray()).join("").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "info", service: "test", message: "first", number: 1 },
    { level: "warn", service: "test", message: "second" },
  ]);
  expect(await exit).toEqual([7, null]);
});

it("lets the process end when nobody reads any more", async () => {
  const child = start();
  const exit = once(child, "exit");
  child.stdout.destroy();
  await once(child.stdout, "close");
  child.stdin.end();
  expect(await exit).toEqual([7, null]);
});
