/**
 * Who may go on sending a message that does not come in one piece. Its size is known from its first
 * bytes, so it is set aside before the rest is read:
 *
 * 1. A message for which there is room goes on.
 * 2. One for which there is none waits, unread, in the order they came: what its caller has sent
 *    ahead is all it takes. Small ones have some room that large ones leave them.
 * 3. Where too many wait already it is refused.
 */
export type UploadLimits = {
  /** Bytes that may be held at a time, those of requests that have arrived included. */
  readonly bytesMax: number;
  /** Messages that wait at a time. */
  readonly waitingMax: number;
};

export type UploadDecision = "go" | "wait" | "refuse";

/** Messages up to this size may use all the room. */
const smallBytes = 64 * 1024;
/** The part of the room large ones may use together. */
const largeShare = 7 / 8;

export class UploadPermits<Call extends object> {
  readonly #limits: UploadLimits;
  readonly #going = new Map<Call, number>();
  readonly #waiting = new Map<Call, number>();
  #bytes = 0;

  constructor(limits: UploadLimits) {
    this.#limits = limits;
  }

  /** Bytes set aside for messages that are being read. */
  get bytes(): number {
    return this.#bytes;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  waits(call: Call): boolean {
    return this.#waiting.has(call);
  }

  /** Calls that send or wait, the one that has done so for longest first within each. */
  calls(): readonly Call[] {
    return [...this.#going.keys(), ...this.#waiting.keys()];
  }

  /** A message of so many bytes has begun; `heldBytes` are in use elsewhere. */
  begin(call: Call, bytes: number, heldBytes: number): UploadDecision {
    const mayPass = this.#waiting.size === 0 || bytes <= smallBytes;
    if (mayPass && this.#hasRoom(bytes, heldBytes)) {
      this.#go(call, bytes);
      return "go";
    }
    if (this.#waiting.size >= this.#limits.waitingMax) return "refuse";
    this.#waiting.set(call, bytes);
    return "wait";
  }

  /** The message is whole, or will never be. Repeats are harmless. */
  end(call: Call): void {
    this.#bytes -= this.#going.get(call) ?? 0;
    this.#going.delete(call);
    this.#waiting.delete(call);
  }

  /** The next that has waited and may go on now; ask until there is none. */
  next(heldBytes: number): Call | undefined {
    for (const [call, bytes] of this.#waiting) {
      if (!this.#hasRoom(bytes, heldBytes)) return undefined;
      this.#waiting.delete(call);
      this.#go(call, bytes);
      return call;
    }
    return undefined;
  }

  #go(call: Call, bytes: number): void {
    this.#going.set(call, bytes);
    this.#bytes += bytes;
  }

  /** One that is larger than all the room may go when there is nothing else. */
  #hasRoom(bytes: number, heldBytes: number): boolean {
    const used = this.#bytes + heldBytes;
    const share = bytes <= smallBytes ? 1 : largeShare;
    return used === 0 || used + bytes <= this.#limits.bytesMax * share;
  }
}
