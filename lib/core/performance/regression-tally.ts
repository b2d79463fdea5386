import { ExactAccumulator, type ExactState, squaredDeviations } from "./exact-accumulator.ts";

/**
 * Errors are prediction − label. Undefined where nothing was counted, and R² where all labels are
 * equal.
 */
export type RegressionMetrics = {
  readonly rows: number;
  /** Σ|e| / n. */
  readonly mae: number | undefined;
  /** √(Σe² / n). */
  readonly rmse: number | undefined;
  /** 1 − Σe² / Σ(y − ȳ)². */
  readonly r2: number | undefined;
  /** Σe / n. */
  readonly meanError: number | undefined;
};

const sums = ["errors", "absolute", "squares", "labels", "labelSquares"] as const;
type Sum = (typeof sums)[number];

export type RegressionState = { readonly rows: number } & Readonly<Record<Sum, ExactState>>;

/** Larger values are no measurements, and their squares would overflow. */
const magnitudeMax = 1e90;

/**
 * How far predicted numbers are from labels, as sums without rounding. Merging adds, in any order;
 * what was counted can be taken back.
 */
export class RegressionTally {
  readonly kind = "regression";
  #rows: number;
  readonly #sums: Readonly<Record<Sum, ExactAccumulator>>;

  constructor(state?: RegressionState) {
    this.#rows = state?.rows ?? 0;
    this.#sums = {
      errors: new ExactAccumulator(state?.errors),
      absolute: new ExactAccumulator(state?.absolute),
      squares: new ExactAccumulator(state?.squares),
      labels: new ExactAccumulator(state?.labels),
      labelSquares: new ExactAccumulator(state?.labelSquares),
    };
  }

  /** Counts a row, or takes it back where `sign` is -1. False where a value is beyond use. */
  count(predicted: number, label: number, sign: 1 | -1 = 1): boolean {
    if (!isUsable(predicted) || !isUsable(label)) return false;
    const error = predicted - label;
    this.#rows += sign;
    this.#sums.errors.add(sign * error);
    this.#sums.absolute.add(sign * Math.abs(error));
    this.#sums.squares.addProduct(sign * error, error);
    this.#sums.labels.add(sign * label);
    this.#sums.labelSquares.addProduct(sign * label, label);
    return true;
  }

  merge(state: RegressionState): void {
    this.#rows += state.rows;
    for (const sum of sums) this.#sums[sum].merge(state[sum]);
  }

  metrics(): RegressionMetrics {
    const rows = this.#rows;
    if (rows === 0) {
      return { rows, mae: undefined, rmse: undefined, r2: undefined, meanError: undefined };
    }
    const { labels, labelSquares, absolute, squares, errors } = this.#sums;
    const spread = squaredDeviations(rows, labels.state(), labelSquares.state());
    return {
      rows,
      mae: absolute.value / rows,
      rmse: Math.sqrt(squares.value / rows),
      r2: spread > 0 ? 1 - squares.value / spread : undefined,
      meanError: errors.value / rows,
    };
  }

  state(): RegressionState {
    const { errors, absolute, squares, labels, labelSquares } = this.#sums;
    return {
      rows: this.#rows,
      errors: errors.state(),
      absolute: absolute.state(),
      squares: squares.state(),
      labels: labels.state(),
      labelSquares: labelSquares.state(),
    };
  }
}

function isUsable(value: number): boolean {
  return Math.abs(value) <= magnitudeMax;
}
