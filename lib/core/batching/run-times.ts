/**
 * How long runs take, learned from those that were measured: a moving mean and a mean deviation for
 * each class of sizes (1, 2, 3–4, 5–8, … rows), as TCP learns round-trip times.
 *
 * Both answers err so that a wrong one is found out. What nobody has measured is taken for as fast
 * as the next smaller size: such a batch runs, and is measured. The time that no run beats, which
 * is what requests are given up by, counts only while it is fresh: where nothing runs because
 * nothing seems to be in time, the next request is tried.
 */
export class RunTimes {
  readonly #means = new Float64Array(classes);
  readonly #deviations = new Float64Array(classes);
  readonly #measuredMs = new Float64Array(classes).fill(Number.NEGATIVE_INFINITY);

  /** Takes note of a run. */
  add(rows: number, runMs: number, now: number): void {
    const at = classOf(rows);
    const isKnown = now - (this.#measuredMs[at] as number) <= keptMs;
    this.#measuredMs[at] = now;
    if (!isKnown) {
      this.#means[at] = runMs;
      this.#deviations[at] = runMs / 2;
      return;
    }
    const error = runMs - (this.#means[at] as number);
    this.#means[at] = (this.#means[at] as number) + error / meanRuns;
    const deviation = this.#deviations[at] as number;
    this.#deviations[at] = deviation + (Math.abs(error) - deviation) / deviationRuns;
  }

  /** What a run of so many rows takes as a rule; 0 where nothing is known. */
  meanMs(rows: number, now: number): number {
    return this.#estimate(this.#means, rows, now);
  }

  /** By when a run of so many rows has mostly ended; 0 where nothing is known. */
  likelyMs(rows: number, now: number): number {
    return this.meanMs(rows, now) + this.#estimate(this.#deviations, rows, now);
  }

  /** By when a run of so many rows has nearly always ended; 0 where nothing is known. */
  safeMs(rows: number, now: number): number {
    const mean = this.#estimate(this.#means, rows, now);
    return mean + deviationsSafe * this.#estimate(this.#deviations, rows, now);
  }

  /** What a run of so many rows hardly ever beats; 0 where nothing recent is known. */
  leastMs(rows: number, now: number): number {
    const at = this.#fresh(rows, now);
    if (at === undefined) return 0;
    const mean = this.#means[at] as number;
    return Math.max(0, mean - deviationsSafe * (this.#deviations[at] as number));
  }

  /**
   * What a run of so many rows would take now; 0 where nothing is known. Where only smaller ones
   * ran lately it takes as long as they do at least, and no longer for each row.
   */
  currentMs(rows: number, now: number): number {
    const meanMs = this.meanMs(rows, now);
    const at = this.#fresh(rows, now);
    if (at === undefined) return meanMs;
    const smallerMs = this.#means[at] as number;
    const times = 2 ** (classOf(rows) - at);
    return Math.min(Math.max(meanMs, smallerMs), smallerMs * times);
  }

  /** The largest class up to that of so many rows that was measured lately. */
  #fresh(rows: number, now: number): number | undefined {
    for (let at = classOf(rows); at >= 0; at -= 1) {
      const ageMs = now - (this.#measuredMs[at] as number);
      if (ageMs <= Math.max(freshMs, freshRuns * (this.#means[at] as number))) return at;
    }
    return undefined;
  }

  /** Of the class itself, or else between those next to it. */
  #estimate(values: Float64Array, rows: number, now: number): number {
    const at = classOf(rows);
    const below = this.#known(at, -1, now);
    if (below === at) return values[at] as number;
    const above = this.#known(at, 1, now);
    if (below === undefined) return above === undefined ? 0 : (values[above] as number);
    const least = values[below] as number;
    if (above === undefined) return least;
    const share = (2 ** at - 2 ** below) / (2 ** above - 2 ** below);
    return least + share * ((values[above] as number) - least);
  }

  /** The nearest class from `from` on of which something is known. */
  #known(from: number, step: 1 | -1, now: number): number | undefined {
    for (let at = from; at >= 0 && at < classes; at += step) {
      if (now - (this.#measuredMs[at] as number) <= keptMs) return at;
    }
    return undefined;
  }
}

/** The last one is for everything above half a million rows. */
const classes = 21;
const meanRuns = 8;
const deviationRuns = 4;
const deviationsSafe = 2;
/** Machines and their neighbours change: what is older says nothing. */
const keptMs = 60_000;
const freshMs = 1_000;
/** Where runs take seconds, the latest few of them are recent. */
const freshRuns = 10;

function classOf(rows: number): number {
  return rows <= 1 ? 0 : Math.min(classes - 1, 32 - Math.clz32(rows - 1));
}
