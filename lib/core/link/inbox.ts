/** What one side of a link is receiving: payloads put together again from their chunks. */
export type InboxOptions = {
  /** The largest payload that may be announced. */
  readonly payloadBytesMax: number;
  /** Payloads that may be incomplete at the same time. */
  readonly openMax: number;
  /** Where a payload is put together: memory of at least so many bytes, whatever is in it. */
  readonly allocate?: (bytes: number) => ArrayBuffer;
};

export type Received<Header> =
  | {
      readonly kind: "complete";
      readonly id: number;
      readonly header: Header;
      readonly payload: Uint8Array;
    }
  | { readonly kind: "open" }
  /** The sender gave it up, or this side discarded it: it is forgotten. */
  | { readonly kind: "aborted"; readonly id: number }
  /** The other side broke the rules of the link, which is not to be trusted any further. */
  | { readonly kind: "invalid"; readonly reason: string };

type Arriving<Header> = {
  readonly header: Header;
  readonly payloadBytes: number;
  /** Undefined once discarded: what still arrives of it is counted and dropped. */
  payload: Uint8Array | undefined;
  receivedBytes: number;
};

/**
 * Chunks are copied into one buffer for each payload, so that the messages that brought them can
 * go. A payload that came whole inside its beginning is handed on as it came: a view of its
 * message.
 */
export class Inbox<Header> {
  readonly #options: InboxOptions;
  readonly #arriving = new Map<number, Arriving<Header>>();
  #chunkBytes = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Chunk bytes received since the link opened: what a Credit frame acknowledges. */
  get chunkBytes(): number {
    return this.#chunkBytes;
  }

  begin(id: number, header: Header, payloadBytes: number, payload: Uint8Array): Received<Header> {
    const { payloadBytesMax, openMax } = this.#options;
    if (payload.byteLength === payloadBytes) return { kind: "complete", id, header, payload };
    if (payload.byteLength > 0) {
      return invalid(`payload ${id}: ${payload.byteLength} bytes came, ${payloadBytes} announced`);
    }
    if (payloadBytes > payloadBytesMax) {
      return invalid(`payload ${id}: ${payloadBytes} bytes announced, limit ${payloadBytesMax}`);
    }
    if (this.#arriving.has(id)) return invalid(`payload ${id} was begun twice`);
    if (this.#arriving.size >= openMax) {
      return invalid(`payload ${id}: ${openMax} are incomplete already, limit ${openMax}`);
    }
    const memory = this.#options.allocate?.(payloadBytes) ?? new ArrayBuffer(payloadBytes);
    const whole = new Uint8Array(memory, 0, payloadBytes);
    this.#arriving.set(id, { header, payloadBytes, payload: whole, receivedBytes: 0 });
    return { kind: "open" };
  }

  chunk(id: number, data: Uint8Array): Received<Header> {
    this.#chunkBytes += data.byteLength;
    const arriving = this.#arriving.get(id);
    if (arriving === undefined) return invalid(`a chunk of payload ${id}, which is not open`);
    const { payload, payloadBytes, receivedBytes } = arriving;
    if (receivedBytes + data.byteLength > payloadBytes) {
      return invalid(`payload ${id}: more than the ${payloadBytes} bytes announced`);
    }
    payload?.set(data, receivedBytes);
    arriving.receivedBytes += data.byteLength;
    return { kind: "open" };
  }

  end(id: number, aborted: boolean): Received<Header> {
    const arriving = this.#arriving.get(id);
    if (arriving === undefined) return invalid(`the end of payload ${id}, which is not open`);
    this.#arriving.delete(id);
    const { header, payload, payloadBytes, receivedBytes } = arriving;
    if (aborted || payload === undefined) return { kind: "aborted", id };
    if (receivedBytes < payloadBytes) {
      return invalid(`payload ${id} ended after ${receivedBytes} of ${payloadBytes} bytes`);
    }
    return { kind: "complete", id, header, payload };
  }

  /** Lets go of what has arrived of a payload nobody waits for; its end will say `aborted`. */
  discard(id: number): void {
    const arriving = this.#arriving.get(id);
    if (arriving !== undefined) arriving.payload = undefined;
  }
}

function invalid(reason: string): { readonly kind: "invalid"; readonly reason: string } {
  return { kind: "invalid", reason };
}
