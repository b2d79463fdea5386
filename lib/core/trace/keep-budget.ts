/** Why a trace is recorded that nobody had sampled. */
export type KeepReason = "error" | "slow";

/** Slow requests may use the budget down to this share; the rest is left for errors. */
const reservedForErrors = 0.5;

/**
 * Limits how many requests a second have their trace recorded because they failed or were slow: a
 * token bucket that holds one second's worth, of which errors may take all and slow requests half.
 * So a cluster that is slow as a whole still shows its errors.
 */
export class KeepBudget {
  readonly #perSecond: number;
  #tokens: number;
  #filledMs = 0;

  /** `perSecond` of 0 keeps nothing. */
  constructor(options: { readonly perSecond: number }) {
    this.#perSecond = options.perSecond;
    this.#tokens = options.perSecond;
  }

  /**
   * True, and one less is left, when this request's trace may be kept. `nowMs` is 0 or more and
   * never goes back.
   */
  take(reason: KeepReason, nowMs: number): boolean {
    this.#fill(nowMs);
    const left = reason === "error" ? 0 : Math.floor(this.#perSecond * reservedForErrors);
    if (this.#tokens < left + 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(nowMs: number): void {
    const earned = ((nowMs - this.#filledMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + Math.max(0, earned));
    this.#filledMs = nowMs;
  }
}
