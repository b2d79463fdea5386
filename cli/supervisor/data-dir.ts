import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Failure, messageOf } from "#core/failure.ts";
import { type Held, type Lock, tryLock } from "#platform/lock-file.ts";
import { makeFolder } from "#platform/make-folder.ts";

/** Where everything of the running cluster is, as `cluster.json` holds it. */
export type ClusterAddresses = {
  readonly format: 1;
  readonly cluster: string;
  /** The supervisor's. */
  readonly pid: number;
  readonly models: string;
  readonly logs: string;
  readonly run: string;
  /**
   * What each reported: `grpc`, `http`, `metrics`, `otlp`, each `host:port`. Absent until it is
   * ready.
   */
  readonly gateway?: Readonly<Record<string, string>>;
  readonly monitor?: Readonly<Record<string, string>>;
  /** With the token; absent where there is no NATS. */
  readonly nats?: string;
  readonly workers: readonly {
    readonly instance: string;
    readonly model: string;
    readonly version: number;
    readonly address: string;
    readonly metrics: string;
  }[];
};

export type DataDir = AsyncDisposable & {
  readonly path: string;
  readonly logsDir: string;
  /** Of this cluster, drawn once; what it signed before it was stopped stays good. */
  readonly tokenSecret: string;
  /** Replaces `cluster.json`, which goes when this is disposed of. */
  readonly announce: (addresses: ClusterAddresses) => Promise<void>;
};

const secretBytes = 32;

/**
 * Makes and locks the data folder. A Failure of one line where it cannot be written or is in use.
 */
export async function openDataDir(path: string): Promise<DataDir> {
  const logsDir = join(path, "logs");
  const announced = join(path, "cluster.json");
  const lock = await lockFolder(path, logsDir);
  if ("heldBy" in lock) {
    throw new Failure(
      "failed-precondition",
      `the data folder ${path} (SLUICE_DATA) is in use by another cluster, process ` +
        (lock.heldBy ?? "unknown"),
    );
  }
  await removeLeftovers(announced);
  const tokenSecret = await readOrDraw(join(path, "token-secret"));
  return {
    path,
    logsDir,
    tokenSecret,
    announce: async (addresses) => {
      const draft = `${announced}.new`;
      // The address of NATS holds its token.
      await writeFile(draft, `${JSON.stringify(addresses, null, 2)}\n`, { mode: 0o600 });
      await rename(draft, announced);
    },
    async [Symbol.asyncDispose]() {
      await rm(announced, { force: true });
      await lock[Symbol.asyncDispose]();
    },
  };
}

async function lockFolder(path: string, logsDir: string): Promise<Lock | Held> {
  try {
    await makeFolder(logsDir);
    return await tryLock(join(path, "lock"));
  } catch (error) {
    throw new Failure(
      "unavailable",
      `the data folder ${path} (SLUICE_DATA) cannot be written: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** What the file holds, which is written where there is none or nothing in it. */
async function readOrDraw(path: string): Promise<string> {
  const found = await readFile(path, "utf8").catch(() => "");
  if (found.trim().length >= secretBytes) return found.trim();
  const drawn = randomBytes(secretBytes).toString("hex");
  await writeFile(path, `${drawn}\n`, { mode: 0o600 });
  return drawn;
}

/**
 * A cluster that was killed leaves its announcement and perhaps a folder below the temporary one.
 */
async function removeLeftovers(announced: string): Promise<void> {
  const text = await readFile(announced, "utf8").catch(() => undefined);
  const run = /"run": "([^"]+)"/.exec(text ?? "")?.[1];
  if (run !== undefined && dirname(run) === tmpdir() && /^sluice-\w{6}$/.test(basename(run))) {
    await rm(run, { recursive: true, force: true }).catch(() => {});
  }
  await rm(announced, { force: true });
}
