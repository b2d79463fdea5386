/**
 * What one side of a link has yet to send, and in what order.
 *
 * 1. Control frames go first.
 * 2. Then beginnings in the order they were given. A payload of at most one chunk travels inside
 *    its own.
 * 3. Larger payloads follow as chunks, one from each payload in turn, while the other side has
 *    acknowledged all but `creditBytes` of them. All chunks but a payload's last have one size, so
 *    taking turns by the chunk is the deficit round robin whose quantum is a chunk. While chunks
 *    may go, one chunk's room in each message is kept from the beginnings, so that neither starves
 *    the other.
 */
import { assert } from "../assert.ts";

export type OutboxOptions = {
  readonly chunkBytes: number;
  /** Chunk bytes that may be under way unacknowledged; at least one chunk. */
  readonly creditBytes: number;
  readonly messageBytesMax: number;
};

export const outboxDefaults: OutboxOptions = {
  chunkBytes: 32 * 1024,
  creditBytes: 128 * 1024,
  messageBytesMax: 256 * 1024,
};

export type OutboxFrame<Control, Header> =
  | { readonly kind: "control"; readonly frame: Control }
  | {
      readonly kind: "begin";
      readonly id: number;
      readonly header: Header;
      /** The whole payload where it fits one chunk, else empty. */
      readonly payload: Uint8Array;
      readonly payloadBytes: number;
    }
  | { readonly kind: "chunk"; readonly id: number; readonly data: Uint8Array }
  | { readonly kind: "end"; readonly id: number; readonly aborted: boolean };

export type Sending<Header> = {
  /** Not in use by anything else still in this outbox. */
  readonly id: number;
  readonly header: Header;
  readonly payload: Uint8Array;
  /** An upper bound of the encoded header's size; 512 where absent. */
  readonly headerBytes?: number;
};

type Queued<Frame> = { readonly frame: Frame; readonly bytes: number };
type Flow = { readonly payload: Uint8Array; sentBytes: number };

/** Tags, lengths and the id of a frame. */
const frameBytes = 32;
const headerBytesAssumed = 512;
const nothing = new Uint8Array();

/**
 * Bounded by its owner: it holds what the owner begins, which the other side's request credit
 * limits. Payloads are not copied, and must not change until they have been taken or removed.
 */
export class Outbox<Control, Header> {
  readonly #options: OutboxOptions;
  readonly #control: Queued<OutboxFrame<Control, Header>>[] = [];
  readonly #unsent = new Map<number, Sending<Header>>();
  readonly #flows = new Map<number, Flow>();
  #waitingBytes = 0;
  #chunkBytesSent = 0;
  #chunkBytesAcknowledged = 0;

  constructor(options: OutboxOptions = outboxDefaults) {
    const { chunkBytes, creditBytes, messageBytesMax } = options;
    assert(chunkBytes > 0 && creditBytes >= chunkBytes, "credit is at least one chunk");
    const smallest = chunkBytes * 2 + headerBytesAssumed + frameBytes * 3;
    assert(messageBytesMax >= smallest, `a message holds at least ${smallest} bytes`);
    this.#options = options;
  }

  /** Whether all that was given has been taken or removed. */
  get isEmpty(): boolean {
    return this.#control.length === 0 && this.#unsent.size === 0 && this.#flows.size === 0;
  }

  /** Payload bytes given and not yet taken. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /**
   * Queues a frame ahead of all payloads. One larger than a message travels in a message of its
   * own.
   */
  control(frame: Control, bytes: number): void {
    this.#control.push({ frame: { kind: "control", frame }, bytes: bytes + frameBytes });
  }

  begin(sending: Sending<Header>): void {
    const { id, payload } = sending;
    assert(!this.#unsent.has(id) && !this.#flows.has(id), `id ${id} is in use`);
    const { chunkBytes, messageBytesMax } = this.#options;
    const headerBytesMax = messageBytesMax - 2 * chunkBytes - 3 * frameBytes;
    assert((sending.headerBytes ?? 0) <= headerBytesMax, `header over ${headerBytesMax} bytes`);
    this.#unsent.set(id, sending);
    this.#waitingBytes += payload.byteLength;
  }

  /**
   * Drops what is still queued of a payload. `unsent`: nothing of it has been taken, and nothing
   * will be. `begun`: the rest is dropped and an aborted end follows. `unknown`: it has been taken
   * whole, or was never begun.
   */
  remove(id: number): "unsent" | "begun" | "unknown" {
    const unsent = this.#unsent.get(id);
    if (unsent !== undefined) {
      this.#unsent.delete(id);
      this.#waitingBytes -= unsent.payload.byteLength;
      return "unsent";
    }
    const flow = this.#flows.get(id);
    if (flow === undefined) return "unknown";
    this.#flows.delete(id);
    this.#waitingBytes -= flow.payload.byteLength - flow.sentBytes;
    this.#control.push({ frame: { kind: "end", id, aborted: true }, bytes: frameBytes });
    return "begun";
  }

  /** Takes the other side's word for how many chunk bytes it has received since the link opened. */
  acknowledge(chunkBytesTotal: number): void {
    const believed = Math.min(chunkBytesTotal, this.#chunkBytesSent);
    this.#chunkBytesAcknowledged = Math.max(this.#chunkBytesAcknowledged, believed);
  }

  /**
   * The frames of the next message, in order; none when nothing may go. Together they encode to at
   * most `messageBytesMax`.
   */
  take(): OutboxFrame<Control, Header>[] {
    const frames: OutboxFrame<Control, Header>[] = [];
    const { chunkBytes, messageBytesMax } = this.#options;
    let room = messageBytesMax - this.#takeControl(frames);
    if (this.#control.length > 0) return frames;
    const kept = this.#mayChunk() ? chunkBytes + 2 * frameBytes : 0;
    room -= this.#takeBeginnings(frames, room - kept);
    this.#takeChunks(frames, room);
    return frames;
  }

  #takeControl(frames: OutboxFrame<Control, Header>[]): number {
    let taken = 0;
    let count = 0;
    for (const { frame, bytes } of this.#control) {
      if (taken + bytes > this.#options.messageBytesMax && count > 0) break;
      frames.push(frame);
      taken += bytes;
      count += 1;
    }
    this.#control.splice(0, count);
    return taken;
  }

  #takeBeginnings(frames: OutboxFrame<Control, Header>[], room: number): number {
    let taken = 0;
    for (const { id, header, payload, headerBytes } of this.#unsent.values()) {
      const payloadBytes = payload.byteLength;
      const isWhole = payloadBytes <= this.#options.chunkBytes;
      const inside = isWhole ? payload : nothing;
      const bytes = (headerBytes ?? headerBytesAssumed) + inside.byteLength + frameBytes;
      if (taken + bytes > room) break;
      taken += bytes;
      this.#unsent.delete(id);
      frames.push({ kind: "begin", id, header, payload: inside, payloadBytes });
      if (isWhole) this.#waitingBytes -= payloadBytes;
      else this.#flows.set(id, { payload, sentBytes: 0 });
    }
    return taken;
  }

  #takeChunks(frames: OutboxFrame<Control, Header>[], room: number): void {
    let left = room;
    for (const [id, flow] of this.#flows) {
      const end = Math.min(flow.sentBytes + this.#options.chunkBytes, flow.payload.byteLength);
      const data = flow.payload.subarray(flow.sentBytes, end);
      const bytes = data.byteLength + 2 * frameBytes;
      if (bytes > left || data.byteLength > this.#creditLeft()) return;
      left -= bytes;
      flow.sentBytes = end;
      this.#chunkBytesSent += data.byteLength;
      this.#waitingBytes -= data.byteLength;
      frames.push({ kind: "chunk", id, data });
      // Deleted and set again it is the last in turn, and this very loop comes to it once more.
      this.#flows.delete(id);
      if (end < flow.payload.byteLength) this.#flows.set(id, flow);
      else frames.push({ kind: "end", id, aborted: false });
    }
  }

  #mayChunk(): boolean {
    return this.#flows.size > 0 && this.#creditLeft() >= this.#options.chunkBytes;
  }

  #creditLeft(): number {
    const underWay = this.#chunkBytesSent - this.#chunkBytesAcknowledged;
    return this.#options.creditBytes - underWay;
  }
}
