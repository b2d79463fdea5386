const periodMs = 250;

/**
 * Decides what share of rows goes into events, so that their values stay within a rate. The share
 * follows what was offered in the previous quarter of a second; until it has followed, a second's
 * worth may go at once and nothing beyond.
 */
export class EventBudget {
  readonly #valuesPerSecond: number;
  #startMs = Number.NEGATIVE_INFINITY;
  #offered = 0;
  #included = 0;
  #share = 1;

  constructor(options: { readonly valuesPerSecond: number }) {
    this.#valuesPerSecond = options.valuesPerSecond;
  }

  /** The share of rows to include now, from 0 to 1. */
  share(now: number): number {
    const elapsedMs = now - this.#startMs;
    if (elapsedMs >= periodMs) {
      const offeredPerSecond = (this.#offered * 1000) / elapsedMs;
      this.#share = Math.min(1, this.#valuesPerSecond / Math.max(offeredPerSecond, 1));
      this.#startMs = now;
      this.#offered = 0;
      this.#included = 0;
    }
    return this.#included >= this.#valuesPerSecond ? 0 : this.#share;
  }

  /** Counts values that were answered, and those of them that were included. */
  count(offered: number, included: number): void {
    this.#offered += offered;
    this.#included += included;
  }
}
