import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { Failure } from "#core/failure.ts";

export type FindOptions = {
  /** SLUICE_NATS_SERVER: this one or none. */
  readonly chosen: string | undefined;
  /** The search path of programs, as in PATH. */
  readonly path: string;
  readonly cacheDir: string;
};

/** Distributions put it where ordinary users do not look. */
const moreFolders = ["/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/opt/homebrew/bin"];

/**
 * The nats-server to run: the chosen one, one on the path, or the one obtained earlier; undefined
 * where there is none. A chosen one that cannot be run is a Failure.
 */
export async function findNatsServer(options: FindOptions): Promise<string | undefined> {
  const { chosen, path, cacheDir } = options;
  if (chosen !== undefined) {
    if (await isProgram(chosen)) return chosen;
    throw new Failure("not-found", `SLUICE_NATS_SERVER=${chosen} is not a program that can be run`);
  }
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...moreFolders];
  for (const candidate of [
    ...folders.map((folder) => join(folder, "nats-server")),
    cachedNatsServer(cacheDir),
  ]) {
    if (await isProgram(candidate)) return candidate;
  }
  return undefined;
}

/** Where an obtained nats-server is kept: one for each kind of machine that shares the folder. */
export function cachedNatsServer(cacheDir: string): string {
  return join(cacheDir, `nats-server-${process.platform}-${process.arch}`);
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
