/**
 * The Page–Hinkley test, Page 1954, "Continuous Inspection Schemes", on both sides and with fading,
 * as river 0.26 computes it: of every value the running mean is taken, and what remains beyond a
 * tolerance `delta` is added up. A change is where a sum is more than `threshold` above the lowest,
 * or below the highest, it has ever been. After a change the next value starts anew.
 */
export type PageHinkleyOptions = {
  /** Values before any change is told. */
  readonly valuesMin: number;
  readonly delta: number;
  readonly threshold: number;
  /** What each sum keeps of itself from one value to the next. */
  readonly alpha: number;
};

export const pageHinkleyDefaults: PageHinkleyOptions = {
  valuesMin: 30,
  delta: 0.005,
  threshold: 50,
  alpha: 0.9999,
};

/** Plain data of fixed size. */
export type PageHinkleyState = {
  readonly isChanged: boolean;
  readonly count: number;
  readonly mean: number;
  readonly rise: number;
  readonly riseMin: number;
  readonly fall: number;
  readonly fallMax: number;
  /** How many values had come when these were reached. */
  readonly riseMinCount: number;
  readonly fallMaxCount: number;
};

const start: PageHinkleyState = {
  isChanged: false,
  count: 0,
  mean: 0,
  rise: 0,
  riseMin: Number.POSITIVE_INFINITY,
  fall: 0,
  // river's start: sums below it count as falls from it.
  fallMax: -1,
  riseMinCount: 0,
  fallMaxCount: 0,
};

/** Finds changes of the mean of a stream of numbers, up or down. */
export class PageHinkley {
  readonly #options: PageHinkleyOptions;
  #state: PageHinkleyState;

  constructor(options: PageHinkleyOptions = pageHinkleyDefaults, state: PageHinkleyState = start) {
    this.#options = options;
    this.#state = state;
  }

  /** How many of the values taken came after the change, when `update` has just told of one. */
  get valuesSince(): number {
    const { count, rise, riseMin, riseMinCount, fall, fallMax, fallMaxCount } = this.#state;
    return count - (rise - riseMin > fallMax - fall ? riseMinCount : fallMaxCount);
  }

  /** Takes a value; true where the mean has changed. What is not finite is passed over. */
  update(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    const { alpha, delta, threshold, valuesMin } = this.#options;
    const before = this.#state.isChanged ? start : this.#state;
    const count = before.count + 1;
    const mean = before.mean + (value - before.mean) / count;
    const deviation = value - mean;
    const rise = alpha * before.rise + deviation - delta;
    const fall = alpha * before.fall + deviation + delta;
    const riseMin = Math.min(before.riseMin, rise);
    const fallMax = Math.max(before.fallMax, fall);
    const isBeyond = rise - riseMin > threshold || fallMax - fall > threshold;
    const isChanged = count >= valuesMin && isBeyond;
    const riseMinCount = rise === riseMin ? count : before.riseMinCount;
    const fallMaxCount = fall === fallMax ? count : before.fallMaxCount;
    const lows = { rise, riseMin, riseMinCount };
    this.#state = { isChanged, count, mean, ...lows, fall, fallMax, fallMaxCount };
    return isChanged;
  }

  state(): PageHinkleyState {
    return this.#state;
  }
}
