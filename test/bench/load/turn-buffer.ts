import type { Socket } from "node:net";

const blockBytes = 256 * 1024;

/** Gathers what is written in one turn of the event loop and hands it to the socket as a whole. */
export class TurnBuffer {
  readonly #socket: Socket;
  #block = Buffer.allocUnsafeSlow(blockBytes);
  /** What of the block has been handed on, and what has been filled. */
  #flushed = 0;
  #filled = 0;
  #isScheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Copies the bytes, at most a block of them, and says where they are until the turn ends. */
  append(bytes: Uint8Array): number {
    if (this.#filled + bytes.byteLength > blockBytes) {
      this.flush();
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#flushed = 0;
      this.#filled = 0;
    }
    const at = this.#filled;
    this.#block.set(bytes, at);
    this.#filled += bytes.byteLength;
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(() => this.flush());
    }
    return at;
  }

  writeUInt32(value: number, at: number): void {
    this.#block.writeUInt32BE(value, at);
  }

  flush(): void {
    this.#isScheduled = false;
    if (this.#filled === this.#flushed || this.#socket.destroyed) return;
    this.#socket.write(this.#block.subarray(this.#flushed, this.#filled));
    this.#flushed = this.#filled;
  }
}
