import { assert } from "../assert.ts";

export type QuarantineOptions = { readonly countMax: number; readonly durationMs: number };

/**
 * Things that are kept out for a while, by a key. When there are too many, the oldest is let out
 * first.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  /** Until when, in the order they came, which is the order they leave in. */
  readonly #until = new Map<string, number>();

  constructor(options: QuarantineOptions) {
    assert(options.countMax >= 1, "a quarantine holds at least one");
    this.#options = options;
  }

  /** False when there is nothing to look up, so that no key need be made. */
  isAny(nowMs: number): boolean {
    for (const [key, untilMs] of this.#until) {
      if (untilMs > nowMs) return true;
      this.#until.delete(key);
    }
    return false;
  }

  add(key: string, nowMs: number): void {
    this.#until.delete(key);
    this.#until.set(key, nowMs + this.#options.durationMs);
    const [oldest] = this.#until.keys();
    if (this.#until.size > this.#options.countMax && oldest !== undefined) {
      this.#until.delete(oldest);
    }
  }

  /** For how many milliseconds yet; 0 for what is not kept out. */
  leftMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#until.get(key) ?? nowMs) - nowMs);
  }
}
