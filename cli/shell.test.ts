import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { describeError } from "./shell.ts";

const shellModule = JSON.stringify(new URL("./shell.ts", import.meta.url).href);

describe("an error", () => {
  it("is one line, whatever its message holds", () => {
    const error = new Failure("not-found", "no model\n  here\n");
    expect(describeError(error, false)).toBe("sluice: no model here\n");
    expect(describeError(error, true)).toBe(
      '{"error":{"code":"not-found","message":"no model here"}}\n',
    );
    expect(describeError("odd", true)).toBe('{"error":{"code":"internal","message":"odd"}}\n');
  });
});

describe("Ctrl-C", () => {
  it("lets a command end by itself although npx passes it on a second time", async () => {
    const command = `
      const { onInterrupt } = await import(${shellModule});
      {
        using interrupt = onInterrupt();
        process.stdout.write("running\\n");
        interrupt.signal.addEventListener("abort", () => process.stdout.write("interrupted\\n"));
        for await (const _ of process.stdin);
      }
      process.stdout.write("done\\n");
    `;
    const args = ["--input-type=module", "--eval", command];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    const exit = once(child, "exit");
    const said: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      said.push(line);
      if (line === "running") child.kill("SIGINT");
      if (line !== "interrupted") continue;
      child.kill("SIGINT");
      child.stdin.end();
    }
    expect(said).toEqual(["running", "interrupted", "done"]);
    expect(await exit).toEqual([0, null]);
  });
});
