import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";

const runModule = JSON.stringify(new URL("./run.ts", import.meta.url).href);

/** A service that says what it does and ends when its standard input does. */
const service = `
  const { once } = await import("node:events");
  const { run } = await import(${runModule});
  await run({ service: "test", stopMsMax: 10_000 }, async () => {
    const inputEnded = once(process.stdin.resume(), "end");
    process.stdout.write("started\\n");
    return {
      ready: {},
      async [Symbol.asyncDispose]() {
        process.stdout.write("stopping\\n");
        await inputEnded;
      },
    };
  });
`;

function toArguments(program: string): string[] {
  return ["--input-type=module", "--eval", program];
}

it("ends in order when told twice, as Ctrl-C under npm does", async () => {
  const child = spawn(process.execPath, toArguments(service), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const said: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (line === "started") child.kill("SIGINT");
    if (line !== "stopping") continue;
    child.kill("SIGINT");
    child.kill("SIGTERM");
    child.stdin.end();
  }
  expect(said).toEqual(["started", "stopping"]);
  expect(await exit).toEqual([0, null]);
});

it("ends when its parent has gone before it runs", async () => {
  const late = `await new Promise((resolve) => process.once("disconnect", resolve));\n${service}`;
  const child = spawn(process.execPath, toArguments(late), {
    stdio: ["pipe", "ignore", "inherit", "ipc"],
  });
  const exit = once(child, "exit");
  child.disconnect();
  child.stdin?.end();
  expect(await exit).toEqual([0, null]);
});
