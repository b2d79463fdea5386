/**
 * A lock between processes that cannot outlive its holder: an exclusive transaction on an empty
 * SQLite database, because SQLite has settled how to lock files on every system, and the kernel
 * lets go of such a lock when the process ends, however it ends. The file stays; removing it would
 * let two processes hold it.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { sleep } from "./clock.ts";

export type Lock = AsyncDisposable;

/** The holder's process id; undefined in the moment in which it has not yet written it down. */
export type Held = { readonly heldBy: number | undefined };

/**
 * Takes the lock at `path`, or says who holds it. Its folder must exist. Disposing gives it back.
 */
export async function tryLock(path: string): Promise<Lock | Held> {
  const holder = `${path}.pid`;
  const database = locked(path);
  if (database === undefined) {
    const text = await readFile(holder, "utf8").catch(() => "");
    return { heldBy: /^[0-9]+/.test(text) ? Number.parseInt(text, 10) : undefined };
  }
  await writeFile(holder, `${process.pid}\n`);
  let isHeld = true;
  return {
    async [Symbol.asyncDispose]() {
      if (!isHeld) return;
      isHeld = false;
      await rm(holder, { force: true });
      database.close();
    },
  };
}

/** Takes the lock, waiting for whoever holds it. Undefined when the signal aborts first. */
export async function waitForLock(path: string, signal: AbortSignal): Promise<Lock | undefined> {
  while (!signal.aborted) {
    const lock = await tryLock(path);
    if (!("heldBy" in lock)) return lock;
    await sleep(100, signal);
  }
  return undefined;
}

const sqliteBusy = 5;

function locked(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === sqliteBusy) {
      return undefined;
    }
    throw error;
  }
}
