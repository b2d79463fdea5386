import { frameFlag } from "../http2/frames.ts";
import { decodeHeaders } from "../http2/hpack.ts";
import type { OnReply } from "./connection.ts";

type Expected = { readonly startMs: number; parts: Buffer[]; bytes: number };

const grpcHeadBytes = 5;
/** What a reply without grpc-status, or with one that is no number, counts as: UNKNOWN. */
const unknownStatus = 2;
/** Trailers that are remembered with their status, so that few have to be decoded. */
const knownTrailersMax = 64;

/** Puts the frames of replies together, and reads the status of each. */
export class ReplyReader {
  readonly #onReply: OnReply;
  readonly #expected = new Map<number, Expected>();
  readonly #known = new Map<string, number>();
  #lastTrailers = Buffer.alloc(0);
  #lastStatus = unknownStatus;

  constructor(onReply: OnReply) {
    this.#onReply = onReply;
  }

  get inFlight(): number {
    return this.#expected.size;
  }

  expect(stream: number, startMs: number): void {
    this.#expected.set(stream, { startMs, parts: [], bytes: 0 });
  }

  data(stream: number, payload: Buffer, flags: number): void {
    const call = this.#expected.get(stream);
    if (call === undefined) return;
    const bytes = (flags & frameFlag.padded) === 0 ? payload : unpadded(payload);
    // The memory of a payload is taken back when this returns.
    call.parts.push(Buffer.from(bytes));
    call.bytes += bytes.length;
    if ((flags & frameFlag.endStream) !== 0) this.break(stream, unknownStatus);
  }

  headers(stream: number, payload: Buffer, flags: number): void {
    if ((flags & frameFlag.endStream) === 0) return;
    const call = this.#expected.get(stream);
    if (call === undefined) return;
    this.#expected.delete(stream);
    const status = this.#statusOf(payload);
    this.#onReply(call.startMs, status, messageOf(call));
  }

  break(stream: number, status: number): void {
    const call = this.#expected.get(stream);
    if (call === undefined) return;
    this.#expected.delete(stream);
    this.#onReply(call.startMs, status, undefined);
  }

  breakAll(status: number): void {
    for (const stream of [...this.#expected.keys()]) this.break(stream, status);
  }

  #statusOf(block: Buffer): number {
    if (block.equals(this.#lastTrailers)) return this.#lastStatus;
    const key = block.toString("latin1");
    const status = this.#known.get(key) ?? decodeStatus(block);
    if (this.#known.size === knownTrailersMax) this.#known.clear();
    this.#known.set(key, status);
    this.#lastTrailers = Buffer.from(block);
    this.#lastStatus = status;
    return status;
  }
}

/** The status of a reply's last header block. */
function decodeStatus(block: Buffer): number {
  const text = decodeHeaders(block).find(([name]) => name === "grpc-status")?.[1] ?? "";
  return /^[0-9]+$/.test(text) ? Number(text) : unknownStatus;
}

/** Undefined unless it is exactly one uncompressed message. */
function messageOf({ parts, bytes }: Expected): Buffer | undefined {
  const [first] = parts;
  if (first === undefined || bytes < grpcHeadBytes) return undefined;
  const whole = parts.length === 1 ? first : Buffer.concat(parts, bytes);
  const isWhole = whole[0] === 0 && whole.readUInt32BE(1) === bytes - grpcHeadBytes;
  return isWhole ? whole.subarray(grpcHeadBytes) : undefined;
}

function unpadded(payload: Buffer): Buffer {
  return payload.subarray(1, payload.length - (payload[0] ?? 0));
}
