import { CalibrationBins, type CalibrationState } from "./calibration-bins.ts";
import { type ClassMetrics, Confusion, type ConfusionState } from "./confusion.ts";
import { ExactAccumulator, type ExactState } from "./exact-accumulator.ts";
import { ScoreHistogram, type ScoreHistogramState } from "./score-histogram.ts";

/** A number is undefined where no row allows one. */
export type ClassificationMetrics = {
  readonly rows: number;
  readonly accuracy: number | undefined;
  /** Of the last class, where there are two. */
  readonly positive: ClassMetrics | undefined;
  readonly macro: ClassMetrics;
  readonly weighted: ClassMetrics;
  /** Rows with probabilities and a named label: the numbers below are theirs. */
  readonly scored: number;
  /** Of the last of two classes; of more, the mean over each against the rest. */
  readonly auc: number | undefined;
  /** The same, weighted by the rows of each class. */
  readonly aucWeighted: number | undefined;
  /** −Σ log p of the label / n, p kept within [1e-15, 1 − 1e-15]. */
  readonly logLoss: number | undefined;
  /** Two classes: Σ(p − y)² / n of the last; more: the sum of that over all classes. */
  readonly brier: number | undefined;
  /** Of the last of two classes; of more, of the most probable class. */
  readonly ece: number | undefined;
};

export type ClassificationState = {
  readonly confusion: ConfusionState;
  readonly scored: number;
  /** One for two classes, else one for each. */
  readonly histograms: readonly ScoreHistogramState[];
  readonly calibration: CalibrationState;
  readonly logLoss: ExactState;
  readonly brier: ExactState;
};

const probabilityMin = 1e-15;

/**
 * How well classes are predicted. Counts and sums without rounding: merging adds, in any order, and
 * what was counted can be taken back. Its size depends on the number of classes alone.
 */
export class ClassificationTally {
  readonly kind = "classification";
  readonly #classes: number;
  readonly #confusion: Confusion;
  #scored: number;
  readonly #histograms: readonly ScoreHistogram[];
  readonly #calibration: CalibrationBins;
  readonly #logLoss: ExactAccumulator;
  readonly #brier: ExactAccumulator;

  /** `classes` is how many are named. */
  constructor(classes: number, state?: ClassificationState) {
    this.#classes = classes;
    this.#confusion = new Confusion(classes, state?.confusion);
    this.#scored = state?.scored ?? 0;
    this.#histograms = Array.from(
      { length: classes === 2 ? 1 : classes },
      (_, place) => new ScoreHistogram(state?.histograms[place]),
    );
    this.#calibration = new CalibrationBins(state?.calibration);
    this.#logLoss = new ExactAccumulator(state?.logLoss);
    this.#brier = new ExactAccumulator(state?.brier);
  }

  /**
   * Counts a row, or takes it back where `sign` is -1. `predicted` and `label` are codes of
   * classes; `scores` are probabilities of all classes, or of the last of two alone, or none.
   */
  count(
    row: { readonly predicted: number; readonly scores: ArrayLike<number> },
    label: number,
    sign: 1 | -1 = 1,
  ): void {
    const { predicted, scores } = row;
    this.#confusion.count(predicted, label, sign);
    if (label >= this.#classes) return;
    if (this.#classes === 2 && (scores.length === 1 || scores.length === 2)) {
      const score = scores[scores.length - 1] as number;
      if (isProbability(score)) this.#countTwo(score, label === 1, sign);
    } else if (scores.length === this.#classes && Array.from(scores).every(isProbability)) {
      this.#countMany(scores, label, sign);
    }
  }

  merge(state: ClassificationState): void {
    this.#confusion.merge(state.confusion);
    this.#scored += state.scored;
    for (const [place, histogram] of this.#histograms.entries()) {
      const other = state.histograms[place];
      if (other !== undefined) histogram.merge(other);
    }
    this.#calibration.merge(state.calibration);
    this.#logLoss.merge(state.logLoss);
    this.#brier.merge(state.brier);
  }

  metrics(): ClassificationMetrics {
    const scored = this.#scored;
    return {
      rows: this.#confusion.rows,
      accuracy: this.#confusion.accuracy,
      positive: this.#classes === 2 ? this.#confusion.of(1) : undefined,
      macro: this.#confusion.mean("macro"),
      weighted: this.#confusion.mean("weighted"),
      scored,
      auc: this.#auc("macro"),
      aucWeighted: this.#auc("weighted"),
      logLoss: scored > 0 ? this.#logLoss.value / scored : undefined,
      brier: scored > 0 ? this.#brier.value / scored : undefined,
      ece: this.#calibration.error,
    };
  }

  state(): ClassificationState {
    return {
      confusion: this.#confusion.state(),
      scored: this.#scored,
      histograms: this.#histograms.map((histogram) => histogram.state()),
      calibration: this.#calibration.state(),
      logLoss: this.#logLoss.state(),
      brier: this.#brier.state(),
    };
  }

  #countTwo(score: number, isPositive: boolean, sign: 1 | -1): void {
    const miss = score - (isPositive ? 1 : 0);
    this.#scored += sign;
    this.#histograms[0]?.add(score, isPositive ? sign : 0, isPositive ? 0 : sign);
    this.#calibration.count(score, isPositive, sign);
    this.#logLoss.add(sign * logLoss(isPositive ? score : 1 - score));
    this.#brier.add(sign * miss * miss);
  }

  #countMany(scores: ArrayLike<number>, label: number, sign: 1 | -1): void {
    let [best, brier] = [0, 0];
    for (let place = 0; place < scores.length; place += 1) {
      const score = scores[place] as number;
      const isLabel = place === label;
      const miss = score - (isLabel ? 1 : 0);
      if (score > (scores[best] as number)) best = place;
      brier += miss * miss;
      this.#histograms[place]?.add(score, isLabel ? sign : 0, isLabel ? 0 : sign);
    }
    this.#scored += sign;
    this.#calibration.count(scores[best] as number, best === label, sign);
    this.#logLoss.add(sign * logLoss(scores[label] as number));
    this.#brier.add(sign * brier);
  }

  /** Over the classes whose rows can be told from others. */
  #auc(weighting: "macro" | "weighted"): number | undefined {
    let [sum, weights] = [0, 0];
    for (const histogram of this.#histograms) {
      const { auc } = histogram;
      if (auc === undefined) continue;
      const weight = weighting === "macro" ? 1 : histogram.positives;
      sum += weight * auc;
      weights += weight;
    }
    return weights > 0 ? sum / weights : undefined;
  }
}

function logLoss(probability: number): number {
  return -Math.log(Math.min(1 - probabilityMin, Math.max(probabilityMin, probability)));
}

export function isProbability(score: number): boolean {
  return score >= 0 && score <= 1;
}
