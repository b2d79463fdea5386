/** What may be held for one gateway at a time: requests, and the bytes of their payloads. */
export type CreditWindow = { readonly requests: number; readonly requestBytes: number };

/** Totals since the link opened, as a Credit frame carries them. */
export type CreditTotals = {
  readonly requests: bigint;
  readonly requestBytes: bigint;
  readonly chunkBytes: bigint;
};

/** The most that was held lately, and whether that was all there was to have. */
export type CreditUse = CreditWindow & { readonly isShort: boolean };

/**
 * How much one gateway may begin. A request counts from its beginning until its reply has left, so
 * that neither requests nor replies can pile up here. What has been granted is never taken back: a
 * gateway whose window becomes smaller keeps what it has not used of the larger one, once.
 */
export class LinkCredit {
  readonly #onShort: () => void;
  readonly #held = new Map<number, number>();
  #window: CreditWindow = { requests: 0, requestBytes: 0 };
  #heldBytes = 0;
  #finished = 0;
  #finishedBytes = 0;
  #granted = 0;
  #grantedBytes = 0;
  #sent: CreditTotals = { requests: 0n, requestBytes: 0n, chunkBytes: 0n };
  /** Since `use` was asked for last, and in the time before that. */
  #use: CreditUse = noUse;
  #useBefore: CreditUse = noUse;
  #largestBytes = 0;

  /** `onShort` is called when a request leaves no room for another; once until `nextTurn`. */
  constructor(onShort: () => void) {
    this.#onShort = onShort;
  }

  /** From now on so much may be held. */
  open(window: CreditWindow): void {
    this.#window = window;
    this.#grant();
  }

  /** Takes note of a request; false where it breaks the rules of the link. */
  begin(id: number, payloadBytes: number): boolean {
    const requests = this.#held.size + 1;
    if (this.#held.has(id) || this.#finished + requests > this.#granted) return false;
    this.#held.set(id, payloadBytes);
    this.#heldBytes += payloadBytes;
    this.#largestBytes = Math.max(this.#largestBytes, payloadBytes);
    this.#note(requests);
    return true;
  }

  /** A request is no longer held. Repeats are harmless. */
  finish(id: number): void {
    const bytes = this.#held.get(id);
    if (bytes === undefined) return;
    this.#held.delete(id);
    this.#heldBytes -= bytes;
    this.#finished += 1;
    this.#finishedBytes += bytes;
    this.#grant();
  }

  /** Of this turn and the one before. */
  get use(): CreditUse {
    const [one, other] = [this.#use, this.#useBefore];
    return {
      requests: Math.max(one.requests, other.requests),
      requestBytes: Math.max(one.requestBytes, other.requestBytes),
      isShort: one.isShort || other.isShort,
    };
  }

  /** Begins to look at its use anew. */
  nextTurn(): void {
    this.#useBefore = this.#use;
    this.#largestBytes = 0;
    this.#use = { requests: this.#held.size, requestBytes: this.#heldBytes, isShort: false };
  }

  /** The totals to tell, or undefined where they are those told last. */
  news(chunkBytes: number): CreditTotals | undefined {
    const totals = {
      requests: BigInt(this.#granted),
      requestBytes: BigInt(this.#grantedBytes),
      chunkBytes: BigInt(chunkBytes),
    };
    const { requests, requestBytes } = this.#sent;
    const isSame =
      totals.requests === requests &&
      totals.requestBytes === requestBytes &&
      totals.chunkBytes === this.#sent.chunkBytes;
    if (isSame) return undefined;
    this.#sent = totals;
    return totals;
  }

  #note(requests: number): void {
    const before = this.#use;
    const bytesLeft = this.#grantedBytes - this.#finishedBytes - this.#heldBytes;
    const isFull = this.#finished + requests === this.#granted || bytesLeft < this.#largestBytes;
    if (requests <= before.requests && this.#heldBytes <= before.requestBytes && !isFull) return;
    this.#use = {
      requests: Math.max(before.requests, requests),
      requestBytes: Math.max(before.requestBytes, this.#heldBytes),
      isShort: before.isShort || isFull,
    };
    if (isFull && !before.isShort) this.#onShort();
  }

  #grant(): void {
    const { requests, requestBytes } = this.#window;
    if (requests === 0) return;
    this.#granted = Math.max(this.#granted, this.#finished + requests);
    this.#grantedBytes = Math.max(this.#grantedBytes, this.#finishedBytes + requestBytes);
  }
}

const noUse: CreditUse = { requests: 0, requestBytes: 0, isShort: false };
