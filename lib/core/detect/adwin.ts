/**
 * ADWIN, Bifet and Gavaldà 2007, "Learning from Time-Changing Data with Adaptive Windowing".
 *
 * The window is kept as buckets: level l holds at most `bucketsMax` buckets of 2^l values, each
 * with its total and its sum of squared deviations; one more, and the two oldest become one of the
 * next level. Every `clock` values each border between buckets is tried as a cut into an older
 * and a newer part. Where their means differ by more than chance allows at confidence `delta`, the
 * oldest bucket goes and the cuts are tried again. After a change the next value starts a new
 * window.
 *
 * Numbers and their order are those of river 0.26, so that both find changes at the same values.
 */
export type AdwinOptions = {
  readonly delta: number;
  readonly clock: number;
  /** Of each level. */
  readonly bucketsMax: number;
  /** Neither part of a cut is shorter. */
  readonly partMin: number;
  /** No cut is tried before the window is longer. */
  readonly windowMin: number;
  /** The window's variance is taken for no less than this. */
  readonly varianceMin: number;
};

export const adwinDefaults: AdwinOptions = {
  delta: 0.002,
  clock: 32,
  bucketsMax: 5,
  partMin: 5,
  windowMin: 10,
  varianceMin: 0,
};

type Bucket = { readonly total: number; readonly squares: number };

/** Plain data; as long as the logarithm of the window. */
export type AdwinState = {
  readonly isChanged: boolean;
  readonly ticks: number;
  readonly width: number;
  readonly total: number;
  readonly squares: number;
  /** Levels from the newest to the oldest values; in each the oldest bucket is first. */
  readonly levels: readonly (readonly Bucket[])[];
};

/** Finds changes of the mean of a stream of numbers. Size and time are O(log window). */
export class Adwin {
  readonly #options: AdwinOptions;
  #isChanged = false;
  #ticks = 0;
  #width = 0;
  #total = 0;
  /** Sum of squared deviations from the mean. */
  #squares = 0;
  #levels: Bucket[][] = [[]];
  #valuesSince = 0;

  constructor(options: AdwinOptions = adwinDefaults, state?: AdwinState) {
    this.#options = options;
    if (state === undefined) return;
    this.#isChanged = state.isChanged;
    this.#ticks = state.ticks;
    this.#width = state.width;
    this.#total = state.total;
    this.#squares = state.squares;
    this.#levels = state.levels.map((level) => [...level]);
  }

  /** How many values the window holds. */
  get width(): number {
    return this.#width;
  }

  /** Of the window; undefined where it is empty. */
  get mean(): number | undefined {
    return this.#width === 0 ? undefined : this.#total / this.#width;
  }

  /** How many of the values taken came after the change, when `update` has just told of one. */
  get valuesSince(): number {
    return this.#valuesSince;
  }

  /** Takes a value; true where the mean has changed. What is not finite is passed over. */
  update(value: number): boolean {
    if (!Number.isFinite(value)) return false;
    if (this.#isChanged) this.#reset();
    this.#insert(value);
    this.#ticks += 1;
    const { clock, windowMin } = this.#options;
    if (this.#ticks % clock !== 0 || this.#width <= windowMin) return false;
    while (this.#hasCut()) {
      // Buckets go one by one, until the rest may be alike; the clearest cut is between the two.
      if (!this.#isChanged) this.#valuesSince = this.#clearestCut();
      this.#isChanged = true;
      this.#deleteOldest();
    }
    return this.#isChanged;
  }

  state(): AdwinState {
    return {
      isChanged: this.#isChanged,
      ticks: this.#ticks,
      width: this.#width,
      total: this.#total,
      squares: this.#squares,
      levels: this.#levels.map((level) => [...level]),
    };
  }

  #reset(): void {
    this.#isChanged = false;
    this.#ticks = 0;
    this.#width = 0;
    this.#total = 0;
    this.#squares = 0;
    this.#levels = [[]];
  }

  #insert(value: number): void {
    const before = this.#width;
    if (before > 0) {
      const deviation = value - this.#total / before;
      this.#squares += (before * deviation * deviation) / (before + 1);
    }
    this.#width += 1;
    this.#total += value;
    this.#levels[0]?.push({ total: value, squares: 0 });
    this.#compress();
  }

  #compress(): void {
    for (let index = 0; index < this.#levels.length; index += 1) {
      const level = this.#levels[index] ?? [];
      if (level.length <= this.#options.bucketsMax) return;
      const [one, two] = level.splice(0, 2);
      if (one === undefined || two === undefined) return;
      const size = 2 ** index;
      const apart = one.total / size - two.total / size;
      const joined = {
        total: one.total + two.total,
        squares: one.squares + two.squares + (size * size * apart * apart) / (size + size),
      };
      const next = this.#levels[index + 1];
      if (next === undefined) this.#levels.push([joined]);
      else next.push(joined);
    }
  }

  #deleteOldest(): void {
    const level = this.#levels.at(-1) ?? [];
    const size = 2 ** (this.#levels.length - 1);
    const oldest = level.shift();
    if (oldest === undefined) return;
    this.#width -= size;
    this.#total -= oldest.total;
    const apart = oldest.total / size - this.#total / this.#width;
    this.#squares -= oldest.squares + (size * this.#width * apart * apart) / (size + this.#width);
    if (level.length === 0) this.#levels.pop();
  }

  /** Tries borders from the oldest on. */
  #hasCut(): boolean {
    let older = 0;
    let olderTotal = 0;
    let newer = this.#width;
    let newerTotal = this.#total;
    for (let index = this.#levels.length - 1; index >= 0; index -= 1) {
      const level = this.#levels[index] ?? [];
      const size = 2 ** index;
      for (let place = 0; place < level.length; place += 1) {
        const { total } = level[place] as Bucket;
        older += size;
        newer -= size;
        olderTotal += total;
        newerTotal -= total;
        if (this.#isCut(older, newer, olderTotal / older - newerTotal / newer)) return true;
      }
    }
    return false;
  }

  /** How many values are newer than the cut between the most different parts, for their size. */
  #clearestCut(): number {
    let clearest = 0;
    let valuesSince = 0;
    let older = 0;
    let olderTotal = 0;
    for (let index = this.#levels.length - 1; index >= 0; index -= 1) {
      for (const { total } of this.#levels[index] ?? []) {
        older += 2 ** index;
        olderTotal += total;
        const newer = this.#width - older;
        if (newer === 0) continue;
        const difference = olderTotal / older - (this.#total - olderTotal) / newer;
        const clarity = difference * difference * older * newer;
        if (clarity <= clearest) continue;
        clearest = clarity;
        valuesSince = newer;
      }
    }
    return valuesSince;
  }

  #isCut(older: number, newer: number, difference: number): boolean {
    const { delta, partMin, varianceMin } = this.#options;
    if (older < partMin || newer < partMin) return false;
    const confidence = Math.log((2 * Math.log(this.#width)) / delta);
    const reciprocal = 1 / (older - partMin + 1) + 1 / (newer - partMin + 1);
    const variance = Math.max(this.#squares / this.#width, varianceMin);
    const bound =
      Math.sqrt(2 * reciprocal * variance * confidence) + (2 / 3) * confidence * reciprocal;
    return Math.abs(difference) > bound;
  }
}
