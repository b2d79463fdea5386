/**
 * How well a classifier does, estimated before labels come (CBPE, confidence-based performance
 * estimation). If a calibrated probability p of the positive class of two is right, a row is
 * positive with chance p:
 *
 * 1. TP = Σp and FP = Σ(1 − p) where the positive class is predicted; FN = Σp and TN = Σ(1 − p)
 *    elsewhere. Metrics are those of the expected counts.
 * 2. Rows are independent, each label with variance p(1 − p). What that makes of a metric f(TP, Y),
 *    Y = TP + FN, is to first order Σ(∂f/∂label)²·p(1 − p) (delta method); AUC has the variance of
 *    Hanley and McNeil 1982. A band is three standard errors to either side, within [0, 1].
 * 3. Of more classes, p is the probability of the class that was predicted, and Σp / n the
 *    accuracy; nothing else is estimated.
 *
 * It is blind to concept drift: when the same inputs get other labels, no score tells.
 */
import { classMetrics } from "./confusion.ts";
import { type Calibrator, calibrate } from "./isotonic.ts";
import { ScoreHistogram, type ScoreHistogramState } from "./score-histogram.ts";
import { ShareSum, type ShareSumState } from "./share-sum.ts";

export type Band = { readonly value: number; readonly low: number; readonly high: number };

/** A number is undefined where it would divide by nothing. */
export type EstimatedMetrics = {
  readonly rows: number;
  /** Undefined where there are more than two classes. */
  readonly confusion:
    | {
        readonly truePositives: number;
        readonly falsePositives: number;
        readonly falseNegatives: number;
        readonly trueNegatives: number;
      }
    | undefined;
  readonly accuracy: Band | undefined;
  readonly precision: Band | undefined;
  readonly recall: Band | undefined;
  readonly f1: Band | undefined;
  readonly auc: Band | undefined;
};

/** Rows predicted one way: how many, Σp and Σp². */
type SideState = {
  readonly rows: number;
  readonly chances: ShareSumState;
  readonly squares: ShareSumState;
};

export type EstimateState = {
  readonly positive: SideState;
  readonly negative: SideState;
  /** Undefined where there are more than two classes. */
  readonly histogram: ScoreHistogramState | undefined;
};

export type EstimateOptions = {
  readonly classes: number;
  /** Without one the scores are the chances. */
  readonly calibrator: Calibrator | undefined;
};

const errorsPerBand = 3;
/** Chances in the histogram are multiples of it, and so their sums exact up to 8 million a bin. */
const chanceUnit = 2 ** -30;

/** Of fixed size; merging adds, in any order. Those merged have the same calibrator. */
export class Estimate {
  readonly #calibrator: Calibrator | undefined;
  readonly #positive: Side;
  readonly #negative: Side;
  readonly #histogram: ScoreHistogram | undefined;

  constructor({ classes, calibrator }: EstimateOptions, state?: EstimateState) {
    this.#calibrator = calibrator;
    this.#positive = new Side(state?.positive);
    this.#negative = new Side(state?.negative);
    if (classes === 2) this.#histogram = new ScoreHistogram(state?.histogram);
  }

  /**
   * Takes the score of a row, in [0, 1]: of two classes that of the positive one and whether it was
   * predicted; of more that of the class that was, and true.
   */
  count(score: number, isPositive: boolean): void {
    const chance = this.#calibrator === undefined ? score : calibrate(this.#calibrator, score);
    (isPositive ? this.#positive : this.#negative).count(chance);
    if (this.#histogram === undefined) return;
    const rounded = Math.round(chance / chanceUnit) * chanceUnit;
    this.#histogram.add(score, rounded, 1 - rounded);
  }

  merge(state: EstimateState): void {
    this.#positive.merge(state.positive);
    this.#negative.merge(state.negative);
    if (state.histogram !== undefined) this.#histogram?.merge(state.histogram);
  }

  metrics(): EstimatedMetrics {
    const [positive, negative] = [this.#positive, this.#negative];
    const predicted = positive.rows;
    const rows = predicted + negative.rows;
    const hits = positive.chances.value;
    const missed = negative.chances.value;
    const labelled = hits + missed;
    const trueNegatives = negative.rows - missed;
    const { precision, recall, f1 } = classMetrics(hits, predicted, labelled);
    // The second and third numbers: what one more positive changes, predicted and missed.
    const band = (value: number | undefined, ofHit: number, ofMiss: number) =>
      bandOf(value, ofHit ** 2 * positive.variance + ofMiss ** 2 * negative.variance);
    const both = predicted + labelled;
    const right = rows > 0 ? (hits + trueNegatives) / rows : undefined;
    const accuracy = band(right, 1 / rows, -1 / rows);
    if (this.#histogram === undefined) return { ...ofAccuracyAlone, rows, accuracy };
    return {
      rows,
      confusion: {
        truePositives: hits,
        falsePositives: predicted - hits,
        falseNegatives: missed,
        trueNegatives,
      },
      accuracy,
      precision: band(precision, 1 / predicted, 0),
      recall: band(recall, missed / labelled ** 2, -hits / labelled ** 2),
      f1: band(f1, (2 * (both - hits)) / both ** 2, (-2 * hits) / both ** 2),
      auc: aucBand(this.#histogram),
    };
  }

  state(): EstimateState {
    return {
      positive: this.#positive.state(),
      negative: this.#negative.state(),
      histogram: this.#histogram?.state(),
    };
  }
}

const ofAccuracyAlone = {
  confusion: undefined,
  precision: undefined,
  recall: undefined,
  f1: undefined,
  auc: undefined,
};

class Side {
  rows: number;
  readonly chances: ShareSum;
  readonly squares: ShareSum;

  constructor(state?: SideState) {
    this.rows = state?.rows ?? 0;
    this.chances = new ShareSum(state?.chances);
    this.squares = new ShareSum(state?.squares);
  }

  /** Σp(1 − p). */
  get variance(): number {
    return Math.max(0, this.chances.value - this.squares.value);
  }

  count(chance: number): void {
    this.rows += 1;
    this.chances.add(chance);
    this.squares.add(chance * chance);
  }

  merge(state: SideState): void {
    this.rows += state.rows;
    this.chances.merge(state.chances);
    this.squares.merge(state.squares);
  }

  state(): SideState {
    const { rows, chances, squares } = this;
    return { rows, chances: chances.state(), squares: squares.state() };
  }
}

function aucBand({ auc, positives, negatives }: ScoreHistogram): Band | undefined {
  if (auc === undefined) return undefined;
  const square = auc ** 2;
  const spread =
    auc * (1 - auc) +
    (positives - 1) * (auc / (2 - auc) - square) +
    (negatives - 1) * ((2 * square) / (1 + auc) - square);
  return bandOf(auc, Math.max(0, spread) / (positives * negatives));
}

function bandOf(value: number | undefined, variance: number): Band | undefined {
  if (value === undefined) return undefined;
  const reach = errorsPerBand * Math.sqrt(variance);
  return { value, low: Math.max(0, value - reach), high: Math.min(1, value + reach) };
}
