import { once } from "node:events";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import * as v from "valibot";
import { Failure, messageOf } from "#core/failure.ts";
import { stdioPath } from "./format.ts";

/** Where text is written to, in order. */
export type Sink = AsyncDisposable & {
  /** Bytes so far. */
  readonly bytes: number;
  write(text: string): Promise<void>;
  /** Resolves when what was written survives a crash of the machine. */
  sync(): Promise<void>;
};

/** A file that is going to be another when it is whole. What stands behind `bytes` is cut off. */
export async function openPart(path: string, bytes: number): Promise<Sink> {
  const file = await open(path, bytes === 0 ? "w" : "r+").catch((error: unknown) => {
    throw new Failure("failed-precondition", `cannot write ${path}: ${messageOf(error)}`);
  });
  await file.truncate(bytes);
  return new PartFile(file, bytes);
}

class PartFile implements Sink {
  readonly #file: FileHandle;
  bytes: number;

  constructor(file: FileHandle, bytes: number) {
    this.#file = file;
    this.bytes = bytes;
  }

  async write(text: string): Promise<void> {
    const buffer = Buffer.from(text);
    for (let done = 0; done < buffer.length; ) {
      const { bytesWritten } = await this.#file.write(buffer, done, undefined, this.bytes + done);
      done += bytesWritten;
    }
    // A disk may be full in the middle: only what is whole counts.
    this.bytes += buffer.length;
  }

  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** Standard output, no faster than its reader. */
export class StandardOutput implements Sink {
  bytes = 0;

  async write(text: string): Promise<void> {
    this.bytes += Buffer.byteLength(text);
    if (!process.stdout.write(text)) await once(process.stdout, "drain");
  }

  async sync(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Everything that decides what is written: another run does not go on where this one was. */
export type RunKey = Readonly<Record<string, string | number | boolean>>;

/** How far a run has come. */
export type BulkState = {
  readonly format: 1;
  readonly run: RunKey;
  /** Of the stream, as base64. */
  readonly streamId: string;
  readonly resumeToken: string;
  readonly nextItem: number;
  readonly rows: number;
  readonly rowsFailed: number;
  /** Of the part that are whole rows. */
  readonly bytes: number;
  /** Undefined until the titles are written. */
  readonly predictions?: readonly string[] | undefined;
};

const stateFile: v.GenericSchema<BulkState> = v.object({
  format: v.literal(1),
  run: v.record(v.string(), v.union([v.string(), v.number(), v.boolean()])),
  streamId: v.string(),
  resumeToken: v.string(),
  nextItem: v.number(),
  rows: v.number(),
  rowsFailed: v.number(),
  bytes: v.number(),
  predictions: v.optional(v.array(v.string())),
});

/** Beside the output, while it is being made. */
export function partPaths(output: string): { readonly part: string; readonly state: string } {
  return { part: `${output}.part`, state: `${output}.part.json` };
}

/** Replaces the file at once, so that a crash leaves the earlier one. */
export async function saveState(path: string, state: BulkState): Promise<void> {
  const next = `${path}.new`;
  const file = await open(next, "w");
  try {
    await file.writeFile(`${JSON.stringify(state)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}

/**
 * Undefined where there is none, or its run had made the output. Throws a Failure where it is of
 * another run.
 */
export async function loadState(output: string, run: RunKey): Promise<BulkState | undefined> {
  if (output === stdioPath) return undefined;
  const { part, state: path } = partPaths(output);
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = v.safeParse(stateFile, parseJson(text));
  const start = "--restart begins anew";
  if (!parsed.success) throw new Failure("failed-precondition", `${path} is damaged: ${start}`);
  const state = parsed.output;
  const other = Object.keys(run).filter((key) => state.run[key] !== run[key]);
  if (other.length > 0) {
    const problem = `${part} is of another run, with another ${other.join(", ")}`;
    throw new Failure("failed-precondition", `${problem}: give the same command, or ${start}`);
  }
  const size = await sizeOf(part);
  if (size !== undefined && size >= state.bytes) return state;
  if (size === undefined && (await sizeOf(output)) !== undefined) return undefined;
  throw new Failure("failed-precondition", `${part} is gone or cut short: ${start}`);
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    await using file = await open(path);
    return (await file.stat()).size;
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Before a run begins anew: no earlier state is to be taken for its own. */
export async function forgetState(output: string): Promise<void> {
  await rm(partPaths(output).state, { force: true });
}

/** Makes the whole part the output. The state goes last, so that a crash loses nothing. */
export async function finishPart(
  output: string,
  part: string = partPaths(output).part,
): Promise<void> {
  await rename(part, output);
  await forgetState(output);
}
