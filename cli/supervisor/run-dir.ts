import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SocketPaths } from "./plan.ts";

/** A process by its name: `wine-1-0`, `gateway-1`. */
export type Named = { readonly instance: string };

export type RunDir = AsyncDisposable & {
  readonly path: string;
  readonly socketsOf: (process: Named) => SocketPaths;
};

/** The kernel's limit for the path of a Unix socket: 107 bytes on Linux, 103 on macOS. */
const socketPathBytesMax = 103;

/**
 * A folder for Unix sockets that only this user can enter: in the data folder, or in the system's
 * temporary one where paths would become too long. Goes, with the sockets, when disposed of.
 */
export async function openRunDir(dataDir: string, processes: readonly Named[]): Promise<RunDir> {
  const longest = processes.map(socketName).sort(byBytes)[0] ?? "";
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
    socketsOf: (process) => {
      const name = isShort ? String(processes.indexOf(process)) : process.instance;
      return {
        address: `unix:${join(path, `${name}.sock`)}`,
        metrics: `unix:${join(path, `${name}.metrics.sock`)}`,
      };
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

function socketName({ instance }: Named): string {
  return `${instance}.metrics.sock`;
}

function byBytes(one: string, other: string): number {
  return Buffer.byteLength(other) - Buffer.byteLength(one);
}
