/** A share of trials and the interval that holds the true one with 95 % confidence. */
export type Rate = {
  readonly share: number;
  readonly low: number;
  readonly high: number;
  readonly trials: number;
};

/** Of the normal distribution, for 95 %. */
const z = 1.96;

/**
 * Counts hits among trials that come in groups, one for each baseline. Windows that share a
 * baseline are not independent: where the groups differ by more than chance explains, the interval
 * is that of fewer trials (the design effect of cluster samples, Kish 1965). The interval is
 * Wilson's (1927).
 */
export class Tally {
  #groups = 0;
  #trials = 0;
  #hits = 0;
  /** Of the squared hits of each group. */
  #squares = 0;

  add(hits: number, trials: number): void {
    this.#groups += 1;
    this.#trials += trials;
    this.#hits += hits;
    this.#squares += hits * hits;
  }

  /** Groups have to be of equal size. */
  rate(): Rate {
    const trials = this.#trials;
    if (trials === 0) return { share: 0, low: 0, high: 1, trials };
    const share = this.#hits / trials;
    const effective = trials / this.#designEffect(share);
    const square = z * z;
    const middle = (share + square / (2 * effective)) / (1 + square / effective);
    const spread =
      (z / (1 + square / effective)) *
      Math.sqrt((share * (1 - share)) / effective + square / (4 * effective * effective));
    const low = share === 0 ? 0 : Math.max(0, middle - spread);
    const high = share === 1 ? 1 : Math.min(1, middle + spread);
    return { share, low, high, trials };
  }

  #designEffect(share: number): number {
    const groups = this.#groups;
    const expected = (this.#trials / groups) * share * (1 - share);
    if (groups < 2 || expected === 0) return 1;
    const mean = this.#hits / groups;
    const variance = (this.#squares - groups * mean * mean) / (groups - 1);
    return Math.max(1, variance / expected);
  }
}
