/** Adjoining buckets differ by two percent. */
const growth = Math.log(1.02);
const bucketsMax = 2048;

/** Durations counted in buckets of relative width: percentiles to two percent in bounded memory. */
export class Latencies {
  readonly #counts = new Float64Array(bucketsMax);
  #total = 0;
  #maxUs = 0;

  add(us: number): void {
    const bucket = Math.floor(Math.log(Math.max(1, us)) / growth);
    const index = Math.min(bucketsMax - 1, bucket);
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total += 1;
    this.#maxUs = Math.max(this.#maxUs, us);
  }

  get count(): number {
    return this.#total;
  }

  /** The longest, exactly. */
  get maxUs(): number {
    return this.#maxUs;
  }

  /** What this share of the durations does not exceed, in microseconds; 0 where there are none. */
  percentileUs(share: number): number {
    let left = Math.ceil(this.#total * share);
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return Math.min(this.#maxUs, Math.exp((bucket + 1) * growth));
    }
    return this.#maxUs;
  }
}
