/**
 * A histogram of latencies in the manner of HdrHistogram: buckets grow with the value, so that
 * every value from a tenth of a microsecond to seven minutes is known to within a 128th of itself,
 * in a fixed amount of memory.
 */
export type HistogramState = { readonly counts: Uint32Array; readonly maxUs: number };

const ticksPerUs = 10;
/** Buckets of equal width for each doubling of the value. */
const steps = 128;
const stepBits = 7;
const doublings = 32 - stepBits;
const buckets = steps * (doublings + 1);
const ticksMax = 2 ** 32 - 1;

export class Histogram {
  readonly #counts: Uint32Array;
  #total = 0;
  #maxUs = 0;

  constructor(state?: HistogramState) {
    this.#counts = state === undefined ? new Uint32Array(buckets) : state.counts.slice();
    this.#maxUs = state?.maxUs ?? 0;
    for (const count of this.#counts) this.#total += count;
  }

  get total(): number {
    return this.#total;
  }

  /** The largest value recorded, exactly; 0 where there is none. */
  get maxUs(): number {
    return this.#maxUs;
  }

  /** Counts a value. What is below 0 counts as 0, what is beyond the range as its end. */
  record(us: number): void {
    const ticks = Math.min(ticksMax, Math.max(0, Math.round(us * ticksPerUs)));
    const bucket = bucketOf(ticks);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total += 1;
    if (us > this.#maxUs) this.#maxUs = us;
  }

  add(other: Histogram): void {
    for (const [bucket, count] of other.#counts.entries()) {
      if (count > 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    }
    this.#total += other.#total;
    this.#maxUs = Math.max(this.#maxUs, other.#maxUs);
  }

  /**
   * The value that a share of the recorded ones (0 to 1) does not exceed; NaN where there is none.
   */
  quantileUs(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#total));
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      if (count > 0 && seen >= rank) return Math.min(this.#maxUs, middleOf(bucket) / ticksPerUs);
    }
    return Number.NaN;
  }

  state(): HistogramState {
    return { counts: this.#counts, maxUs: this.#maxUs };
  }
}

/** Below `2 * steps` every value has a bucket of its own, then pairs share one, then fours. */
function bucketOf(ticks: number): number {
  const shift = Math.max(0, 32 - Math.clz32(ticks) - stepBits - 1);
  return shift * steps + (ticks >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * steps) return bucket;
  const shift = Math.floor(bucket / steps) - 1;
  const lowest = (bucket - shift * steps) * 2 ** shift;
  return lowest + (2 ** shift - 1) / 2;
}
