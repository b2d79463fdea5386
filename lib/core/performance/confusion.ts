/** How well one class is found, or a mean over classes. */
export type ClassMetrics = {
  /** True positives of those predicted; undefined where none was. */
  readonly precision: number | undefined;
  /** True positives of those labelled; undefined where none was. */
  readonly recall: number | undefined;
  /** 2·TP / (2·TP + FP + FN). */
  readonly f1: number | undefined;
};

export type ConfusionState = {
  /** Row by row: label × predicted, what is beyond the named classes last. */
  readonly cells: Float64Array;
  /** Beyond the named classes: rows whose label and prediction are the same. */
  readonly otherHits: number;
};

/** Counts of label against predicted class. Its size depends on the number of classes alone. */
export class Confusion {
  readonly #classes: number;
  readonly #cells: Float64Array;
  #otherHits: number;

  /** `classes` are named; one more takes the rest. */
  constructor(classes: number, state?: ConfusionState) {
    this.#classes = classes + 1;
    this.#cells = state?.cells.slice() ?? new Float64Array(this.#classes ** 2);
    this.#otherHits = state?.otherHits ?? 0;
  }

  get rows(): number {
    return this.#cells.reduce((sum, count) => sum + count, 0);
  }

  /** Rows whose label is predicted, of all; undefined where there is none. */
  get accuracy(): number | undefined {
    const { rows } = this;
    let hits = this.#otherHits;
    for (let place = 0; place < this.#classes - 1; place += 1) hits += this.at(place, place);
    return rows === 0 ? undefined : hits / rows;
  }

  /** Takes codes of classes; those beyond the named ones are one class. */
  count(predicted: number, label: number, sign: 1 | -1): void {
    const last = this.#classes - 1;
    const cell = Math.min(label, last) * this.#classes + Math.min(predicted, last);
    this.#cells[cell] = (this.#cells[cell] as number) + sign;
    if (label >= last && label === predicted) this.#otherHits += sign;
  }

  merge(state: ConfusionState): void {
    for (let cell = 0; cell < this.#cells.length; cell += 1) {
      this.#cells[cell] = (this.#cells[cell] as number) + (state.cells[cell] ?? 0);
    }
    this.#otherHits += state.otherHits;
  }

  at(label: number, predicted: number): number {
    return this.#cells[label * this.#classes + predicted] ?? 0;
  }

  of(place: number): ClassMetrics {
    const hits = this.at(place, place);
    return classMetrics(hits, this.#predicted(place), this.labelled(place));
  }

  /**
   * Over the classes that occur, as label or prediction, each with its weight; what is undefined
   * counts as 0, as in scikit-learn. `__other__` is one of them.
   */
  mean(weighting: "macro" | "weighted"): ClassMetrics {
    let [weights, precision, recall, f1] = [0, 0, 0, 0];
    for (let place = 0; place < this.#classes; place += 1) {
      const labelled = this.labelled(place);
      if (labelled === 0 && this.#predicted(place) === 0) continue;
      const weight = weighting === "macro" ? 1 : labelled;
      const metrics = this.of(place);
      weights += weight;
      precision += weight * (metrics.precision ?? 0);
      recall += weight * (metrics.recall ?? 0);
      f1 += weight * (metrics.f1 ?? 0);
    }
    if (weights === 0) return { precision: undefined, recall: undefined, f1: undefined };
    return { precision: precision / weights, recall: recall / weights, f1: f1 / weights };
  }

  /** Rows with this label. */
  labelled(place: number): number {
    let sum = 0;
    for (let other = 0; other < this.#classes; other += 1) sum += this.at(place, other);
    return sum;
  }

  state(): ConfusionState {
    return { cells: this.#cells.slice(), otherHits: this.#otherHits };
  }

  #predicted(place: number): number {
    let sum = 0;
    for (let other = 0; other < this.#classes; other += 1) sum += this.at(other, place);
    return sum;
  }
}

/** From counts, or from what is expected of them. */
export function classMetrics(hits: number, predicted: number, labelled: number): ClassMetrics {
  return {
    precision: predicted > 0 ? hits / predicted : undefined,
    recall: labelled > 0 ? hits / labelled : undefined,
    f1: predicted + labelled > 0 ? (2 * hits) / (predicted + labelled) : undefined,
  };
}
