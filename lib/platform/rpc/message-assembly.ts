import type { SlabPool } from "#core/slab-pool.ts";
import { smallBuffer } from "../small-buffers.ts";
import { prefixBytes } from "./message-prefix.ts";

/** So many pieces are kept as they came. */
const chunksApart = 256;
/** A message is put together when it is whole where no more of it has come than this before. */
const joinedBytesMax = 64 * 1024;
/** Beyond this a slab, which is of a power of two, would be too much larger than its message. */
const slabBytesMax = 4 * 1024 * 1024;

/**
 * Puts one gRPC message together from the pieces it comes in. A small one is joined at its end; of
 * a large one each piece is copied as it comes, so that its memory can go and no turn of the event
 * loop has to copy a hundred megabytes. The result is in a buffer of its own, of a small block or
 * in a slab: the pieces are of what was read from the socket, which would be kept with them.
 */
export class MessageAssembly {
  /** Bytes that have come, of the prefix too. */
  receivedBytes = 0;
  /** Without the prefix; unknown before that has come. */
  messageBytes: number | undefined;
  #chunks: Buffer[] = [];
  #message: Buffer | undefined;
  readonly #slabs: SlabPool | undefined;
  /** What the message is in; goes back when nobody needs it any more. */
  #slab: ArrayBuffer | undefined;
  #isTaken = false;

  constructor(slabs?: SlabPool) {
    this.#slabs = slabs;
  }

  /** What is more than was announced counts and is passed over. */
  push(chunk: Buffer): void {
    const at = this.receivedBytes - prefixBytes;
    this.receivedBytes += chunk.byteLength;
    if (this.#message !== undefined) {
      if (at < this.#message.byteLength) chunk.copy(this.#message, at);
      return;
    }
    this.#chunks.push(chunk);
    if (this.#chunks.length % chunksApart === 0) joinLast(this.#chunks);
    if (this.messageBytes === undefined && this.receivedBytes >= prefixBytes) {
      const [first = chunk] = this.#chunks;
      const prefix = first.byteLength >= prefixBytes ? first : Buffer.concat(this.#chunks);
      this.messageBytes = prefix.readUInt32BE(1);
    } else if (this.messageBytes !== undefined && this.receivedBytes > joinedBytesMax) {
      this.#join(this.messageBytes);
    }
  }

  get isWhole(): boolean {
    return this.receivedBytes - prefixBytes === this.messageBytes;
  }

  /** The message, once, when it is whole. Whoever has it calls `release` when it is done with. */
  take(): Uint8Array {
    const message = this.#message ?? this.#join(this.messageBytes ?? 0);
    this.#isTaken = true;
    this.drop();
    return message;
  }

  /** Lets go of what has come and was not taken. */
  drop(): void {
    this.#chunks = [];
    this.#message = undefined;
    if (!this.#isTaken) this.release();
  }

  /** The memory of the message may be used again, for another. Repeats are harmless. */
  release(): void {
    if (this.#slab !== undefined) this.#slabs?.give(this.#slab);
    this.#slab = undefined;
  }

  #join(messageBytes: number): Buffer {
    const message = this.#allocate(messageBytes);
    // Of the prefix, which may itself have come in pieces, nothing is copied.
    let at = -prefixBytes;
    for (const chunk of this.#chunks) {
      const skipped = Math.max(0, -at);
      if (skipped < chunk.byteLength) chunk.copy(message, at + skipped, skipped);
      at += chunk.byteLength;
    }
    this.#chunks = [];
    this.#message = message;
    return message;
  }

  #allocate(bytes: number): Buffer {
    if (bytes <= joinedBytesMax || bytes > slabBytesMax) return smallBuffer(bytes);
    this.#slab = this.#slabs?.take(bytes);
    return this.#slab === undefined ? smallBuffer(bytes) : Buffer.from(this.#slab, 0, bytes);
  }
}

/** Frames of a byte or two would each take a hundred times that: many small ones become one. */
function joinLast(chunks: Buffer[]): void {
  const last = chunks.slice(-chunksApart);
  const bytes = last.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (bytes > joinedBytesMax) return;
  chunks.splice(-chunksApart, chunksApart, Buffer.concat(last, bytes));
}
