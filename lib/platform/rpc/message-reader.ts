import { Failure } from "#core/failure.ts";
import { prefixBytes } from "./message-prefix.ts";

const memoryBytesMin = 16 * 1024;

export type MessageReaderOptions = {
  readonly messageBytesMax: number;
  /** The message lies in memory that is used again as soon as this returns. */
  readonly onMessage: (message: Buffer) => void;
};

/**
 * Finds the messages of a gRPC stream in the pieces it comes in. One that came in one piece is
 * given as it lies there; any other is put together in memory that the next one uses again, so
 * that a stream of messages leaves nothing to collect.
 */
export class MessageReader {
  readonly #options: MessageReaderOptions;
  #memory = Buffer.alloc(0);
  /** Of the message that has begun, its prefix included. */
  #heldBytes = 0;
  /** Of the whole of it, its prefix included; what it takes to know that, until then. */
  #wantedBytes = prefixBytes;

  constructor(options: MessageReaderOptions) {
    this.#options = options;
  }

  /** Throws a Failure where a message is too large or compressed; no more may come then. */
  push(piece: Buffer): void {
    let at = 0;
    while (at < piece.byteLength) {
      if (this.#heldBytes === 0 && piece.byteLength - at >= prefixBytes) {
        const end = at + this.#sizeOf(piece, at);
        if (end <= piece.byteLength) {
          this.#options.onMessage(piece.subarray(at + prefixBytes, end));
          at = end;
          continue;
        }
      }
      at = this.#hold(piece, at);
    }
  }

  /** Takes what there is of the message that has begun; gives where that ends. */
  #hold(piece: Buffer, from: number): number {
    const end = Math.min(piece.byteLength, from + this.#wantedBytes - this.#heldBytes);
    this.#reserve(this.#wantedBytes);
    piece.copy(this.#memory, this.#heldBytes, from, end);
    this.#heldBytes += end - from;
    if (this.#heldBytes < this.#wantedBytes) return end;
    if (this.#heldBytes === prefixBytes) {
      this.#wantedBytes = this.#sizeOf(this.#memory, 0);
      if (this.#wantedBytes > prefixBytes) return end;
    }
    const message = this.#memory.subarray(prefixBytes, this.#wantedBytes);
    this.#heldBytes = 0;
    this.#wantedBytes = prefixBytes;
    this.#options.onMessage(message);
    return end;
  }

  /** Of a message with its prefix. */
  #sizeOf(bytes: Buffer, at: number): number {
    if (bytes[at] !== 0) throw new Failure("unimplemented", "a message is compressed");
    const messageBytes = bytes.readUInt32BE(at + 1);
    const max = this.#options.messageBytesMax;
    if (messageBytes <= max) return prefixBytes + messageBytes;
    throw new Failure("resource-exhausted", `a message has ${messageBytes} bytes, limit ${max}`);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#memory.byteLength) return;
    const larger = Math.max(memoryBytesMin, 2 ** Math.ceil(Math.log2(bytes)));
    const memory = Buffer.allocUnsafeSlow(larger);
    this.#memory.copy(memory, 0, 0, this.#heldBytes);
    this.#memory = memory;
  }
}
