/** Equal bins of [0, 1]. Scores of one bin are ties: multiples of 1/256 lose nothing. */
export const scoreBins = 256;

export type ScoreHistogramState = {
  readonly positives: Float64Array;
  readonly negatives: Float64Array;
};

/** Scores in [0, 1] of rows that are of a class and of rows that are not. */
export class ScoreHistogram {
  readonly #positives: Float64Array;
  readonly #negatives: Float64Array;

  constructor(state?: ScoreHistogramState) {
    this.#positives = state?.positives.slice() ?? new Float64Array(scoreBins);
    this.#negatives = state?.negatives.slice() ?? new Float64Array(scoreBins);
  }

  /** How much of a row is positive and how much negative; both fall where a row is taken back. */
  add(score: number, positive: number, negative: number): void {
    const bin = Math.min(scoreBins - 1, Math.floor(score * scoreBins));
    this.#positives[bin] = (this.#positives[bin] as number) + positive;
    this.#negatives[bin] = (this.#negatives[bin] as number) + negative;
  }

  merge(state: ScoreHistogramState): void {
    for (let bin = 0; bin < scoreBins; bin += 1) {
      this.#positives[bin] = (this.#positives[bin] as number) + (state.positives[bin] ?? 0);
      this.#negatives[bin] = (this.#negatives[bin] as number) + (state.negatives[bin] ?? 0);
    }
  }

  get positives(): number {
    return this.#positives.reduce((sum, count) => sum + count, 0);
  }

  get negatives(): number {
    return this.#negatives.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The chance that a positive has a higher score than a negative, half of it where both are in one
   * bin (Mann–Whitney, which is the area by trapezoids). Undefined where one side is empty.
   */
  get auc(): number | undefined {
    let [below, area, positives] = [0, 0, 0];
    for (let bin = 0; bin < scoreBins; bin += 1) {
      const positive = this.#positives[bin] as number;
      const negative = this.#negatives[bin] as number;
      area += positive * (below + negative / 2);
      below += negative;
      positives += positive;
    }
    return positives > 0 && below > 0 ? area / (positives * below) : undefined;
  }

  state(): ScoreHistogramState {
    return { positives: this.#positives.slice(), negatives: this.#negatives.slice() };
  }
}
