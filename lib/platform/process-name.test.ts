import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { isProcessGone, processName } from "./process-name.ts";

it("is never the same", () => {
  expect(processName()).not.toBe(processName());
});

it("tells of a process on this machine whether it has ended", async () => {
  const child = spawn("sleep", ["60"]);
  const [place, , random] = processName().split("/");
  const name = `${place}/${child.pid}/${random}`;
  expect(isProcessGone(processName())).toBe(false);
  expect(isProcessGone(name)).toBe(false);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(isProcessGone(name)).toBe(place !== "");
});

it("tells nothing of processes elsewhere, and of names that are none", () => {
  const [place] = processName().split("/");
  for (const name of ["", "other/2147483647/x", "/2147483647/x", `${place}/0/x`, `${place}`]) {
    expect(isProcessGone(name), name).toBe(false);
  }
});
