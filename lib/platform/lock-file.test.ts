import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { type Held, type Lock, tryLock, waitForLock } from "./lock-file.ts";

const owner = fileURLToPath(new URL("../../test/support/lock-owner.ts", import.meta.url));

async function release(lock: Lock | Held): Promise<void> {
  if (!("heldBy" in lock)) await lock[Symbol.asyncDispose]();
}

/** A process that has tried to take the lock, and whether it has it. */
async function startOwner(path: string) {
  const child = spawn(process.execPath, [owner, path], { stdio: ["pipe", "pipe", "inherit"] });
  const [answer] = await once(child.stdout.setEncoding("utf8"), "data");
  return {
    pid: child.pid,
    hasLock: answer === "taken\n",
    async kill() {
      child.kill("SIGKILL");
      await once(child, "close");
    },
  };
}

it("lets one in and tells the others who it is", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  const first = await tryLock(path);
  expect(await tryLock(path)).toEqual({ heldBy: process.pid });
  await release(first);
  const second = await tryLock(path);
  expect(second).not.toHaveProperty("heldBy");
  await release(first);
  expect(await tryLock(path)).toEqual({ heldBy: process.pid });
  await release(second);
});

it("is free the moment its holder is killed", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  const other = await startOwner(path);
  expect(other.hasLock).toBe(true);
  expect(await tryLock(path)).toEqual({ heldBy: other.pid });
  await other.kill();
  const lock = await tryLock(path);
  expect(lock).not.toHaveProperty("heldBy");
  await release(lock);
});

it("lets exactly one of many processes in after its holder was killed", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  await (await startOwner(path)).kill();
  const owners = await Promise.all(Array.from({ length: 4 }, () => startOwner(path)));
  expect(owners.filter(({ hasLock }) => hasLock)).toHaveLength(1);
  await Promise.all(owners.map((one) => one.kill()));
});

it("gives a waiting process the lock when it is free, unless the wait is called off", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  const held = await tryLock(path);
  const waiting = waitForLock(path, new AbortController().signal);
  expect(await waitForLock(path, AbortSignal.abort())).toBeUndefined();
  await release(held);
  await using got = await waiting;
  expect(got).toBeDefined();
});
