/**
 * A lock between processes: a file that names its holder. It is made by linking a finished file to its name,
 * which only one process can do. A holder is known by its process id and, where the system tells, by when it
 * was started, so that another process with the same id is not taken for it; the lock of a holder that is
 * no more is taken over.
 */
import { randomUUID } from "node:crypto";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { sleep } from "./clock.ts";

export type Lock = AsyncDisposable;

/** The holder's process id. */
export type Held = { readonly heldBy: number };

/** Takes the lock at `path`, or says who holds it. Its folder must exist. Disposing gives it back. */
export async function tryLock(path: string): Promise<Lock | Held> {
  const own = `${path}.${randomUUID()}`;
  const mark = await markOf(process.pid);
  await writeFile(own, mark, { mode: 0o600 });
  try {
    for (;;) {
      if (await linked(own, path)) return releasing(path, mark);
      const found = await read(path);
      if (found === undefined) continue;
      const holder = Number.parseInt(found, 10);
      if (found === (await markOf(holder))) return { heldBy: holder };
      await removeStale(path, found);
    }
  } finally {
    await rm(own, { force: true });
  }
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

function releasing(path: string, mark: string): Lock {
  return {
    async [Symbol.asyncDispose]() {
      if ((await read(path)) === mark) await rm(path, { force: true });
    },
  };
}

/** Moves the file away and looks at what was moved: it may have changed hands since it was read. */
async function removeStale(path: string, stale: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  if ((await read(aside)) !== stale) await linked(aside, path);
  await rm(aside, { force: true });
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function read(path: string): Promise<string | undefined> {
  return await readFile(path, "utf8").catch(() => undefined);
}

/** What a lock held by this process says; one that cannot match where there is no such process. */
async function markOf(pid: number): Promise<string> {
  const stat = await read(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything; the start time is the 20th field after it.
  const started = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return isAlive(pid) ? `${pid} ${started ?? ""}\n` : "none\n";
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
