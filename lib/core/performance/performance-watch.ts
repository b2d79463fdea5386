/**
 * How well one model predicts, from its predictions and from labels. What labels are compared with
 * is settled by the first event that has outputs, and stays; labels before it are kept until then.
 * Time is that of the prediction stream. It is told with each event; labels do not move it.
 */
import type { PredictionEvent } from "../prediction/event.ts";
import { type CalibrationOf, Comparison } from "./comparison.ts";
import { feedbackPerMessageMax } from "./feedback.ts";
import type {
  AllLabelCounts,
  FeedbackBatch,
  PerformanceState,
  PerformanceSummary,
} from "./performance-report.ts";
import type { PerformanceSettings } from "./performance-settings.ts";
import { resolveTask, type TaskSource } from "./resolve-task.ts";
import { columnsOf, type Outputs, outputsOfEvent } from "./row-reader.ts";
import { SampledTimes } from "./sampled-times.ts";
import type { SegmentStore } from "./tiered-index.ts";
import type { Label } from "./waiting-labels.ts";

export type PerformanceOptions = TaskSource & {
  readonly settings: PerformanceSettings;
  readonly segments?: SegmentStore | undefined;
  readonly calibrationOf?: CalibrationOf | undefined;
};

/** Batches of labels that came before the first event. */
const earlyMax = 256;
const windowsShown = 24;
/** Rises where state of before could not be gone on with. */
const stateFormat = 2;
const dayMs = 86_400_000;

export class PerformanceWatch {
  readonly #options: PerformanceOptions;
  readonly #sampled: SampledTimes;
  #comparison: Comparison | undefined;
  #problem = "";
  #nowMs = 0;
  #unusable = 0;
  /** What is added to sequences of the feedback stream, and the highest of these sums. */
  #seqBase = 0;
  #seqLast = 0;
  #early: FeedbackBatch[] = [];

  /** Begins anew where the state was made with other settings. */
  constructor(options: PerformanceOptions, state?: PerformanceState) {
    this.#options = options;
    const saved = state?.made === madeWith(options) ? state : undefined;
    this.#sampled = new SampledTimes(saved?.sampledMinutes);
    if (saved === undefined) return;
    this.#problem = saved.problem;
    this.#nowMs = saved.nowMs;
    this.#unusable = saved.unusable;
    this.#seqBase = saved.seqBase;
    this.#seqLast = saved.seqLast;
    this.#early = [...saved.early];
    const { comparison } = saved;
    if (comparison === undefined) return;
    this.#comparison = new Comparison({ ...options, task: comparison.task }, comparison);
  }

  /** The calibration of a version is another one. */
  recalibrate(version: number): void {
    this.#comparison?.recalibrate(version);
  }

  /** Takes an event that is counted for the first time, stored at `nowMs`. */
  addEvent(event: PredictionEvent, nowMs: number): void {
    this.#nowMs = nowMs;
    if (event.rowsCovered > event.rowsIncluded) this.#sampled.add(nowMs);
    if (event.rowsIncluded > 0) {
      const outputs = outputsOfEvent(event.columns);
      this.#settle(outputs);
      this.#comparison?.addRows(event, outputs, nowMs);
    }
    this.#comparison?.advance(nowMs, this.#wasSampled);
    this.#sampled.dropBefore(nowMs - this.#options.settings.horizonMs - dayMs);
  }

  /** Takes labels. Messages come in stream order, each one once. */
  addFeedback(batch: FeedbackBatch): void {
    if (this.#comparison === undefined) {
      if (this.#early.length < earlyMax) this.#early.push(batch);
      else this.#unusable += batch.feedback.length;
      return;
    }
    this.#seqLast = this.#seqBase + batch.seq;
    const now = { nowMs: this.#nowMs, wasSampled: this.#wasSampled };
    for (const [place, one] of batch.feedback.entries()) {
      const seq = this.#seqLast * feedbackPerMessageMax + place;
      const isUsed = this.#comparison.addLabel(one, { seq, atMs: batch.timeMs }, now);
      if (!isUsed) this.#unusable += 1;
    }
  }

  /** The feedback stream is another one, whose sequences begin anew. */
  restartFeedback(): void {
    this.#seqBase = this.#seqLast;
  }

  report(version: number): PerformanceSummary {
    const { windowMs, horizonMs } = this.#options.settings;
    const task = this.#comparison?.task;
    const windows = this.#comparison?.windows(version);
    return {
      task: task?.kind,
      problem: this.#problem,
      target: task?.target,
      classes: task?.kind === "classification" ? task.classes : [],
      windowMs,
      horizonMs,
      labels: this.#counts(),
      total: windows?.total(0, Number.POSITIVE_INFINITY),
      windows: windows?.reports(windowsShown).reverse() ?? [],
    };
  }

  state(): PerformanceState {
    return {
      made: madeWith(this.#options),
      problem: this.#problem,
      nowMs: this.#nowMs,
      unusable: this.#unusable,
      seqBase: this.#seqBase,
      seqLast: this.#seqLast,
      early: [...this.#early],
      sampledMinutes: this.#sampled.state(),
      comparison: this.#comparison?.state(),
    };
  }

  #settle(outputs: Outputs): void {
    if (this.#comparison !== undefined || outputs.size === 0) return;
    const task = resolveTask(this.#options, columnsOf(outputs));
    this.#problem = typeof task === "string" ? task : "";
    if (typeof task === "string") return;
    this.#comparison = new Comparison({ ...this.#options, task });
    const early = this.#early;
    this.#early = [];
    for (const batch of early) this.addFeedback(batch);
  }

  readonly #wasSampled = ({ predictedMs, atMs }: Label): boolean =>
    predictedMs === undefined
      ? this.#sampled.isAnyBefore(atMs)
      : this.#sampled.isAround(predictedMs);

  #counts(): AllLabelCounts {
    const early = this.#early.reduce((sum, { feedback }) => sum + feedback.length, 0);
    const counts = this.#comparison?.counts ?? noCounts;
    return { ...counts, waiting: counts.waiting + early, unusable: this.#unusable };
  }
}

const noCounts: Omit<AllLabelCounts, "unusable"> = {
  ...{ matched: 0, revised: 0, repeated: 0, unsampled: 0, expired: 0, unknown: 0 },
  ...{ overflowed: 0, waiting: 0, rowsDropped: 0, rowsKnown: 0 },
};

function madeWith({ settings, declared }: PerformanceOptions): string {
  return JSON.stringify([stateFormat, settings, declared]);
}
