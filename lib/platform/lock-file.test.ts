import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { tempDir } from "../../test/support/temp.ts";
import { tryLock, waitForLock } from "./lock-file.ts";

it("lets one process in and tells the others who it is", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  const first = await tryLock(path);
  expect(await tryLock(path)).toEqual({ heldBy: process.pid });
  if (!("heldBy" in first)) await first[Symbol.asyncDispose]();
  const second = await tryLock(path);
  expect(second).not.toHaveProperty("heldBy");
  if (!("heldBy" in second)) await second[Symbol.asyncDispose]();
  expect(await readdir(folder.path)).toEqual([]);
});

it("takes over from a process that is no more", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  const child = spawn("sh", ["-c", "exit 0"]);
  await once(child, "close");
  await writeFile(path, `${child.pid} 12345\n`);
  expect(await tryLock(path)).not.toHaveProperty("heldBy");
  expect(await readFile(path, "utf8")).toMatch(new RegExp(`^${process.pid} `));
  expect(await readdir(folder.path)).toEqual(["lock"]);
});

it("does not take another process with the same id for the holder", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  await writeFile(path, `${process.pid} 1\n`);
  expect(await tryLock(path)).not.toHaveProperty("heldBy");
});

it("gives a waiting process the lock when it is free, and nothing when the wait is called off", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  const held = await tryLock(path);
  const waiting = waitForLock(path, new AbortController().signal);
  expect(await waitForLock(path, AbortSignal.abort())).toBeUndefined();
  if (!("heldBy" in held)) await held[Symbol.asyncDispose]();
  await using got = await waiting;
  expect(got).toBeDefined();
});

it("lets exactly one of many contenders take over a stale lock", async () => {
  await using folder = await tempDir();
  const path = join(folder.path, "lock");
  await writeFile(path, "none of our business");
  const results = await Promise.all(Array.from({ length: 20 }, () => tryLock(path)));
  expect(results.filter((result) => !("heldBy" in result))).toHaveLength(1);
});
