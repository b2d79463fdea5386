import { nameOfCalibrator } from "./calibration.ts";
import {
  type ClassificationMetrics,
  type ClassificationState,
  ClassificationTally,
  isProbability,
} from "./classification-tally.ts";
import { Estimate, type EstimatedMetrics, type EstimateState } from "./estimate.ts";
import type { Calibrator } from "./isotonic.ts";
import type { Correction } from "./label-join.ts";
import type { PredictedRow } from "./prediction-index.ts";
import {
  type RegressionMetrics,
  type RegressionState,
  RegressionTally,
} from "./regression-tally.ts";

/** Upper ends of the bins of how late labels come; one more bin takes the rest. */
export const labelLagsMs = [1e3, 1e4, 6e4, 6e5, 36e5, 216e5, 864e5, 6048e5] as const;

export type PerformanceTask =
  | { readonly kind: "classification"; readonly classes: number }
  | { readonly kind: "regression" };

type TallyState =
  | { readonly kind: "classification"; readonly state: ClassificationState }
  | { readonly kind: "regression"; readonly state: RegressionState };

type WindowState = {
  readonly startMs: number;
  readonly rows: number;
  readonly labelled: number;
  readonly lags: readonly number[];
  readonly tally: TallyState;
  readonly estimated?: EstimateState | undefined;
  /** Names the estimate's calibrator; absent where it has none. */
  readonly calibrated?: string;
};

/** By ascending start; plain data. */
export type PerformanceWindowsState = readonly WindowState[];

export type PerformanceReport = {
  /** Undefined for the sum of several windows. */
  readonly startMs: number | undefined;
  /** Predicted rows that were included. */
  readonly rows: number;
  /** Those of them with a label, and their share; what has no label may be of another kind. */
  readonly labelled: number;
  readonly coverage: number | undefined;
  /** Rows by how long after them their first label came, in the bins of `labelLagsMs`. */
  readonly lags: readonly number[];
  readonly metrics: ClassificationMetrics | RegressionMetrics;
  /** Without labels, from the scores of all rows; undefined where there are none. */
  readonly estimate: EstimatedMetrics | undefined;
};

export type PerformanceWindowsOptions = {
  readonly task: PerformanceTask;
  readonly windowMs: number;
  /** Beyond it the oldest goes. */
  readonly windowsMax: number;
  /** Of the scores that estimates are made from. */
  readonly calibrator?: Calibrator | undefined;
};

/**
 * How well a model predicts, by windows of the time of prediction. A window is never closed: labels
 * count in that of their row, however late they come, until it is dropped.
 */
export class PerformanceWindows {
  #options: PerformanceWindowsOptions;
  #scoring: Scoring;
  #windows: Window[];

  /** An estimate that was made with another calibrator is dropped. */
  constructor(options: PerformanceWindowsOptions, state: PerformanceWindowsState = []) {
    this.#options = options;
    this.#scoring = scoringOf(options);
    this.#windows = state.map((window) => new Window(this.#scoring, window));
  }

  /** Takes another calibrator: estimates begin anew. */
  recalibrate(calibrator: Calibrator | undefined): void {
    if (nameOfCalibrator(calibrator) === this.#scoring.calibrated) return;
    const state = this.state();
    this.#options = { ...this.#options, calibrator };
    this.#scoring = scoringOf(this.#options);
    this.#windows = state.map((window) => new Window(this.#scoring, window));
  }

  /** Counts an included row, labelled or not. One of a window that was dropped is passed over. */
  addRow(row: Pick<PredictedRow, "timeMs" | "predicted" | "scores">): void {
    this.#open(row.timeMs)?.addRow(row);
  }

  /** Counts a label in the window of its row, and takes back the one it replaces. */
  correct({ row, label, replaced, lagMs }: Correction): void {
    const window = this.#find(row.timeMs);
    if (window === undefined) return;
    if (replaced === undefined) window.addLag(lagMs);
    else window.count(row, replaced, -1);
    window.count(row, label, 1);
  }

  /** By ascending start: all, or so many of the latest. */
  reports(latest: number = this.#windows.length): PerformanceReport[] {
    const windows = this.#windows.slice(Math.max(0, this.#windows.length - latest));
    return windows.map((window) => window.report());
  }

  /** Of windows that start in [fromMs, toMs), as one. */
  total(fromMs: number, toMs: number): PerformanceReport {
    const total = new Window(this.#scoring);
    for (const window of this.#windows) {
      if (window.startMs >= fromMs && window.startMs < toMs) total.merge(window.state());
    }
    return { ...total.report(), startMs: undefined };
  }

  state(): PerformanceWindowsState {
    return this.#windows.map((window) => window.state());
  }

  #startOf(timeMs: number): number {
    return Math.floor(timeMs / this.#options.windowMs) * this.#options.windowMs;
  }

  #find(timeMs: number): Window | undefined {
    const startMs = this.#startOf(timeMs);
    return this.#windows.findLast((window) => window.startMs === startMs);
  }

  #open(timeMs: number): Window | undefined {
    // Most rows go where the last one went.
    const last = this.#windows.at(-1);
    const sinceMs = timeMs - (last?.startMs ?? Number.POSITIVE_INFINITY);
    if (sinceMs >= 0 && sinceMs < this.#options.windowMs) return last;
    const known = this.#find(timeMs);
    if (known !== undefined) return known;
    const startMs = this.#startOf(timeMs);
    const { windowsMax } = this.#options;
    const isFull = this.#windows.length >= windowsMax;
    if (isFull && startMs < (this.#windows[0]?.startMs ?? 0)) return undefined;
    const opened = new Window(this.#scoring);
    opened.startMs = startMs;
    this.#windows = [...this.#windows, opened]
      .sort((one, two) => one.startMs - two.startMs)
      .slice(-windowsMax);
    return opened;
  }
}

/** What the windows of a version have in common. */
type Scoring = {
  readonly task: PerformanceTask;
  readonly calibrator: Calibrator | undefined;
  readonly calibrated: string;
};

function scoringOf({ task, calibrator }: PerformanceWindowsOptions): Scoring {
  return { task, calibrator, calibrated: nameOfCalibrator(calibrator) };
}

class Window {
  readonly #scoring: Scoring;
  startMs: number;
  rows: number;
  #labelled: number;
  readonly #lags: number[];
  readonly #tally: ClassificationTally | RegressionTally;
  /** From the first row that has a score on. */
  #estimate: Estimate | undefined;

  constructor(scoring: Scoring, state?: WindowState) {
    const { task } = scoring;
    this.#scoring = scoring;
    this.startMs = state?.startMs ?? 0;
    this.rows = state?.rows ?? 0;
    this.#labelled = state?.labelled ?? 0;
    this.#lags = [...(state?.lags ?? new Array<number>(labelLagsMs.length + 1).fill(0))];
    const isSame = (state?.calibrated ?? "") === scoring.calibrated;
    if (isSame && state?.estimated !== undefined) {
      this.#estimate = this.#newEstimate(state.estimated);
    }
    const saved = state?.tally;
    this.#tally =
      task.kind === "regression"
        ? new RegressionTally(saved?.kind === "regression" ? saved.state : undefined)
        : new ClassificationTally(
            task.classes,
            saved?.kind === "classification" ? saved.state : undefined,
          );
  }

  addRow({ predicted, scores }: Pick<PredictedRow, "predicted" | "scores">): void {
    this.rows += 1;
    const { task } = this.#scoring;
    if (task.kind === "regression") return;
    const isOfTwo = task.classes === 2;
    // One for each class, or of two that of the last alone.
    if (scores.length !== task.classes && !(isOfTwo && scores.length === 1)) return;
    const score = scores[isOfTwo ? scores.length - 1 : predicted] ?? Number.NaN;
    if (!isProbability(score)) return;
    this.#estimate ??= this.#newEstimate();
    this.#estimate.count(score, isOfTwo ? predicted === 1 : true);
  }

  count(row: Correction["row"], label: number, sign: 1 | -1): void {
    this.#labelled += sign;
    if (this.#tally.kind === "regression") this.#tally.count(row.predicted, label, sign);
    else this.#tally.count(row, label, sign);
  }

  addLag(lagMs: number): void {
    const bin = labelLagsMs.findIndex((end) => lagMs < end);
    const place = bin === -1 ? labelLagsMs.length : bin;
    this.#lags[place] = (this.#lags[place] ?? 0) + 1;
  }

  merge({ rows, labelled, lags, tally, estimated }: WindowState): void {
    this.rows += rows;
    this.#labelled += labelled;
    for (const [place, count] of lags.entries()) {
      this.#lags[place] = (this.#lags[place] ?? 0) + count;
    }
    if (estimated !== undefined) {
      this.#estimate ??= this.#newEstimate();
      this.#estimate.merge(estimated);
    }
    const own = this.#tally;
    if (own.kind === "regression" && tally.kind === "regression") own.merge(tally.state);
    if (own.kind === "classification" && tally.kind === "classification") own.merge(tally.state);
  }

  report(): PerformanceReport {
    return {
      startMs: this.startMs,
      rows: this.rows,
      labelled: this.#labelled,
      coverage: this.rows > 0 ? this.#labelled / this.rows : undefined,
      lags: [...this.#lags],
      metrics: this.#tally.metrics(),
      estimate: this.#estimate?.metrics(),
    };
  }

  state(): WindowState {
    const tally: TallyState =
      this.#tally.kind === "regression"
        ? { kind: "regression", state: this.#tally.state() }
        : { kind: "classification", state: this.#tally.state() };
    const { startMs, rows } = this;
    const estimated = this.#estimate?.state();
    const { calibrated } = this.#scoring;
    return {
      ...{ startMs, rows, labelled: this.#labelled, lags: [...this.#lags], tally, estimated },
      ...(calibrated === "" ? {} : { calibrated }),
    };
  }

  #newEstimate(state?: EstimateState): Estimate {
    const { task, calibrator } = this.#scoring;
    const classes = task.kind === "classification" ? task.classes : 0;
    return new Estimate({ classes, calibrator }, state);
  }
}
