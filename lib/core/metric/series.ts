/** One counter: a number that only grows. */
export class CounterSeries {
  #value = 0;

  get value(): number {
    return this.#value;
  }

  add(amount: number): void {
    this.#value += amount;
  }
}

/** A number as it was last looked at. */
export class ObservedSeries {
  value = 0;
}

/** One histogram: how many recorded values lie up to each bound, and their sum. */
export class HistogramSeries {
  readonly bounds: Float64Array;
  /** Each value counts at the first bound that is not below it; the last count has no bound. */
  readonly counts: Float64Array;
  #sum = 0;

  constructor(bounds: Float64Array) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.#sum;
  }

  /** A value below zero, as clocks that are set back make them, counts as zero; NaN is ignored. */
  record(value: number): void {
    if (Number.isNaN(value)) return;
    const counted = value > 0 ? value : 0;
    let from = 0;
    let to = this.bounds.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.bounds[middle] ?? 0) < counted) from = middle + 1;
      else to = middle;
    }
    this.counts[from] = (this.counts[from] ?? 0) + 1;
    this.#sum += counted;
  }
}
