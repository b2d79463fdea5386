import type { ServerDuplexStream } from "@grpc/grpc-js";

/** Beyond so much that the caller has not been sent, nothing more is written. */
const pendingBytesMax = 256 * 1024;

/**
 * Writes the messages of a stream and knows how many of their bytes still wait inside gRPC, which
 * itself takes any amount. Whoever writes looks at `isClogged` first.
 */
export class StreamWriter {
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;
  readonly #onDrain: () => void;
  #pendingBytes = 0;

  /** `onDrain` is called when the stream is clogged no more. */
  constructor(call: ServerDuplexStream<Uint8Array, Uint8Array>, onDrain: () => void) {
    this.#call = call;
    this.#onDrain = onDrain;
  }

  get isClogged(): boolean {
    return this.#pendingBytes > pendingBytesMax;
  }

  write(message: Uint8Array): void {
    const { byteLength } = message;
    this.#pendingBytes += byteLength;
    this.#call.write(message, () => {
      const wasClogged = this.isClogged;
      this.#pendingBytes -= byteLength;
      if (wasClogged && !this.isClogged) this.#onDrain();
    });
  }
}
