import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Failure, messageOf } from "#core/failure.ts";
import { stdioPath } from "./format.ts";

/** Tells two inputs apart without reading them whole. */
export type Fingerprint = {
  readonly bytes: number;
  readonly modifiedMs: number;
  /** SHA-256 of the first and the last mebibyte. */
  readonly digest: string;
};

const sampleBytes = 1024 * 1024;

/** Throws a Failure that names the file and says what is wrong with it. */
export async function fingerprintOf(path: string): Promise<Fingerprint> {
  try {
    await using file = await open(path);
    const { size, mtimeMs } = await file.stat();
    const hash = createHash("sha256");
    hash.update(await sample(file, 0));
    hash.update(await sample(file, Math.max(0, size - sampleBytes)));
    return { bytes: size, modifiedMs: Math.trunc(mtimeMs), digest: hash.digest("hex") };
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function sample(file: FileHandle, position: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(sampleBytes);
  const { bytesRead } = await file.read(buffer, 0, sampleBytes, position);
  return buffer.subarray(0, bytesRead);
}

/** The bytes of a file or of standard input, and how many there have been. */
export class ByteSource {
  readonly #path: string;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const stream = this.#path === stdioPath ? process.stdin : createReadStream(this.#path);
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        this.#bytes += chunk.length;
        yield chunk;
      }
    } catch (error) {
      throw unreadable(this.#path, error);
    }
  }
}

/** Why a file cannot be read, in a line; a Failure stays as it is. */
export function unreadable(path: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return new Failure("not-found", `there is no ${path}`, { cause: error });
  const why = code === "EISDIR" ? "it is a folder" : messageOf(error);
  return new Failure("invalid-argument", `cannot read ${path}: ${why}`, { cause: error });
}
