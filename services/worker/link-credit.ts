import { assert } from "#core/assert.ts";

export type LinkCreditOptions = {
  /** Payload bytes that may be held for the gateway at a time. */
  readonly requestBytes: number;
  /** Requests that may be held whatever the model grants. */
  readonly requestsMax: number;
};

/** Totals since the link opened, as a Credit frame carries them. */
export type CreditTotals = {
  readonly requests: bigint;
  readonly requestBytes: bigint;
  readonly chunkBytes: bigint;
};

/**
 * How much one gateway may begin. A request counts from its beginning until its reply has left, so
 * that neither requests nor replies can pile up here.
 */
export class LinkCredit {
  readonly #options: LinkCreditOptions;
  readonly #held = new Map<number, number>();
  #window = 0;
  #finished = 0;
  #finishedBytes = 0;
  #granted = 0;
  #grantedBytes = 0;
  #sent: CreditTotals = { requests: 0n, requestBytes: 0n, chunkBytes: 0n };

  constructor(options: LinkCreditOptions) {
    this.#options = options;
  }

  /** From now on as many requests may be held. What was granted is never taken back. */
  open(requests: number): void {
    assert(requests >= 1, "a link that is open takes requests");
    this.#window = Math.min(requests, this.#options.requestsMax);
    this.#grant();
  }

  /** Takes note of a request; false where it breaks the rules of the link. */
  begin(id: number, payloadBytes: number): boolean {
    const begun = this.#finished + this.#held.size + 1;
    if (this.#held.has(id) || begun > this.#granted) return false;
    this.#held.set(id, payloadBytes);
    return true;
  }

  /** A request is no longer held. Repeats are harmless. */
  finish(id: number): void {
    const bytes = this.#held.get(id);
    if (bytes === undefined) return;
    this.#held.delete(id);
    this.#finished += 1;
    this.#finishedBytes += bytes;
    this.#grant();
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

  #grant(): void {
    if (this.#window === 0) return;
    this.#granted = Math.max(this.#granted, this.#finished + this.#window);
    const bytes = this.#finishedBytes + this.#options.requestBytes;
    this.#grantedBytes = Math.max(this.#grantedBytes, bytes);
  }
}
