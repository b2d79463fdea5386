import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlannedWorker, SocketPaths } from "./plan.ts";

export type RunDir = AsyncDisposable & {
  readonly path: string;
  readonly socketsOf: (worker: PlannedWorker) => SocketPaths;
};

/** The kernel's limit for the path of a Unix socket: 107 bytes on Linux, 103 on macOS. */
const socketPathBytesMax = 103;

/**
 * A folder for Unix sockets that only this user can enter: in the data folder, or in the system's
 * temporary one where paths would become too long. Goes, with the sockets, when disposed of.
 */
export async function openRunDir(
  dataDir: string,
  workers: readonly PlannedWorker[],
): Promise<RunDir> {
  const longest = workers.map((worker) => socketName(worker)).sort(byBytes)[0] ?? "";
  const near = join(dataDir, "run");
  const fits = Buffer.byteLength(join(near, longest)) <= socketPathBytesMax;
  const path = fits ? near : await mkdtemp(join(tmpdir(), "sluice-"));
  if (fits) {
    await rm(near, { recursive: true, force: true });
    await mkdir(near, { recursive: true, mode: 0o700 });
  }
  const isShort = Buffer.byteLength(join(path, longest)) > socketPathBytesMax;
  return {
    path,
    socketsOf: (worker) => {
      const name = isShort ? String(workers.indexOf(worker)) : worker.instance;
      return {
        address: `unix:${join(path, `${name}.sock`)}`,
        metrics: `unix:${join(path, `${name}.metrics.sock`)}`,
      };
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

function socketName(worker: PlannedWorker): string {
  return `${worker.instance}.metrics.sock`;
}

function byBytes(one: string, other: string): number {
  return Buffer.byteLength(other) - Buffer.byteLength(one);
}
