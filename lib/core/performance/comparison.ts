/**
 * Rows and labels of one model, compared by one task.
 *
 * 1. Every included row that answered somebody is remembered under its prediction's id and, where
 *    the caller gave one, under that. A row that is known already is passed over.
 * 2. A label finds its row, or waits for it. One that comes with a token brings its row along.
 * 3. What is matched is counted in the window of its prediction, whatever the time.
 */
import { hashRowInto } from "../monitor/row-hash.ts";
import type { PredictionEvent } from "../prediction/event.ts";
import { predictedMsOf } from "../prediction-id.ts";
import type { Calibration } from "./calibration.ts";
import type { TokenContent } from "./feedback.ts";
import type { Calibrator } from "./isotonic.ts";
import { type Correction, LabelJoin, type LabelJoinState } from "./label-join.ts";
import type { ReceivedFeedback } from "./performance-report.ts";
import type { PerformanceSettings } from "./performance-settings.ts";
import { PerformanceWindows, type PerformanceWindowsState } from "./performance-windows.ts";
import type { PredictedRow } from "./prediction-index.ts";
import type { Task } from "./resolve-task.ts";
import { predictionKey, requestKey } from "./row-keys.ts";
import { type Outputs, outputsOfToken, RowReader, scoresOf } from "./row-reader.ts";
import { type SegmentStore, TieredIndex, type TieredIndexState } from "./tiered-index.ts";
import type { Label } from "./waiting-labels.ts";

export type ComparisonOptions = {
  readonly task: Task;
  readonly settings: Pick<PerformanceSettings, "windowMs" | "horizonMs" | "rowsMax">;
  /** For rows that memory has no room for; absent: they go. */
  readonly segments?: SegmentStore | undefined;
  /** Of the scores of a version; absent: they are taken as they are. */
  readonly calibrationOf?: CalibrationOf | undefined;
};

export type CalibrationOf = (version: number) => Calibration | undefined;

/** Plain data. */
export type ComparisonState = {
  readonly task: Task;
  readonly join: LabelJoinState;
  readonly index: TieredIndexState;
  /** Rows whose segments were gone. */
  readonly rowsMissing: number;
  readonly versions: readonly {
    readonly version: number;
    readonly windows: PerformanceWindowsState;
  }[];
};

const noScores: Float64Array = new Float64Array(0);

/** Where a label is in its stream, and when that stored it. */
type Stored = { readonly seq: number; readonly atMs: number };

/** Whether rows were left out by sampling around the time of a prediction. */
export type WasSampled = (label: Label) => boolean;

/** Long enough after its prediction, every included row has come. */
export const slackMsMax = 600_000;
const earlyMs = 600_000;
const waitingMax = 16_384;
/** About a megabyte; at the full event budget some seconds. */
const memoryRows = 8_192;
const versionsMax = 32;
const windowsMost = 1_000;
/** Of the windows of one version, at some kilobytes for each class. */
const windowBytesMax = 8 * 1024 * 1024;
const classBytes = 4_200;

export class Comparison {
  readonly task: Task;
  readonly #settings: ComparisonOptions["settings"];
  readonly #calibrationOf: CalibrationOf | undefined;
  readonly #reader: RowReader;
  readonly #index: TieredIndex;
  readonly #join: LabelJoin;
  readonly #rowsMissing: number;
  readonly #versions = new Map<number, PerformanceWindows>();

  constructor(options: ComparisonOptions, saved?: ComparisonState) {
    const { task, settings, segments } = options;
    const { horizonMs, rowsMax } = settings;
    this.#calibrationOf = options.calibrationOf;
    this.task = task;
    this.#settings = settings;
    this.#reader = new RowReader(task);
    const size = { memoryRows, rowsMax, scores: scoresOf(task) };
    this.#index = new TieredIndex(size, segments, saved?.index);
    this.#rowsMissing = (saved?.rowsMissing ?? 0) + this.#index.rowsMissing;
    const times = { horizonMs, earlyMs, slackMs: Math.min(slackMsMax, horizonMs / 2) };
    this.#join = new LabelJoin({ ...times, waitingMax }, this.#index, saved?.join);
    for (const { version, windows } of saved?.versions ?? []) {
      this.#versions.set(version, this.#makeWindows(version, windows));
    }
  }

  get counts(): LabelJoin["counts"] & { readonly rowsKnown: number } {
    const { counts } = this.#join;
    const rowsDropped = counts.rowsDropped + this.#rowsMissing;
    return { ...counts, rowsDropped, rowsKnown: this.#index.size };
  }

  /** Undefined for a version that nothing was predicted with. */
  windows(version: number): PerformanceWindows | undefined {
    return this.#versions.get(version);
  }

  /** The calibration of a version is another one. */
  recalibrate(version: number): void {
    this.#versions.get(version)?.recalibrate(this.#calibratorOf(version));
  }

  /** Takes the rows of an event that was stored at `nowMs`. */
  addRows(event: PredictionEvent, outputs: Outputs, nowMs: number): void {
    const read = this.#reader.open(outputs);
    if (read === undefined) return;
    const { requests, version } = event;
    const windows = this.#windowsOf(version);
    // Filled for one row after the other, so that rows make no objects: what is kept is copied.
    const key = { low: 0, high: 0 };
    const row = { storedMs: nowMs, timeMs: 0, version, predicted: 0, scores: noScores };
    const alone = [key];
    let from = 0;
    for (let index = 0; index < requests.count; index += 1) {
      const to = from + (requests.rows[index] as number);
      const isAnswer = requests.roles[index] !== "shadow" && requests.statuses[index] === 0;
      row.timeMs = Math.min((requests.eventTimesUs[index] as number) / 1000, nowMs);
      const requestId = requests.requestIds[index] ?? "";
      for (let place = from; isAnswer && place < to; place += 1) {
        const number = event.rows[place] as number;
        hashRowInto(key, { predictionIds: requests.predictionIds, index }, number);
        if (this.#index.has(key)) continue;
        const keys = requestId === "" ? alone : [key, requestKey(requestId, number)];
        const { predicted, scores } = read(place);
        row.predicted = predicted;
        row.scores = scores;
        windows.addRow(row);
        for (const correction of this.#join.addRow(row, keys)) this.#correct(correction);
      }
      from = to;
    }
  }

  /** Takes a label; false where nothing can be done with it. */
  addLabel(
    { target, row, label }: ReceivedFeedback,
    stored: Stored,
    now: { readonly nowMs: number; readonly wasSampled: WasSampled },
  ): boolean {
    const value = this.#reader.labelOf(label);
    if (value === undefined || target.kind === "token") return false;
    if (target.kind === "opened") {
      const { content } = target;
      return content !== undefined && this.#addWhole(content, row, { ...stored, value }, now.nowMs);
    }
    const isById = target.kind === "prediction";
    const key = isById ? predictionKey(target.id, 0, row) : requestKey(target.id, row);
    const predictedMs = isById ? predictedMsOf(target.id) : undefined;
    const known: Label = { ...stored, key, value, predictedMs };
    const isPast = predictedMs !== undefined && now.nowMs >= predictedMs + slackMsMax;
    const isLeftOut = isPast && now.wasSampled(known);
    this.#correct(this.#join.addLabel(known, isLeftOut ? false : undefined));
    return true;
  }

  advance(nowMs: number, wasSampled: WasSampled): void {
    this.#join.advance(nowMs, wasSampled);
  }

  state(): ComparisonState {
    return {
      task: this.task,
      join: this.#join.state(),
      index: this.#index.state(),
      rowsMissing: this.#rowsMissing,
      versions: [...this.#versions].map(([version, windows]) => ({
        version,
        windows: windows.state(),
      })),
    };
  }

  /** A label whose token says what was predicted. */
  #addWhole(
    content: TokenContent,
    number: number,
    label: Stored & { readonly value: number },
    nowMs: number,
  ): boolean {
    const read = this.#reader.open(outputsOfToken(content.outputs));
    if (read === undefined || number >= content.rows) return false;
    const { predicted, scores } = read(number);
    const { version, predictionId, timeUs } = content;
    const timeMs = timeUs / 1000;
    const row: PredictedRow = { storedMs: nowMs, timeMs, version, predicted, scores };
    const key = predictionKey(predictionId, 0, number);
    const onRow = () => this.#windowsOf(version).addRow(row);
    const whole = { ...label, key, predictedMs: timeMs };
    for (const one of this.#join.addWhole(whole, row, onRow)) this.#correct(one);
    return true;
  }

  #correct(correction: Correction | undefined): void {
    if (correction !== undefined) this.#windowsOf(correction.row.version).correct(correction);
  }

  #windowsOf(version: number): PerformanceWindows {
    const known = this.#versions.get(version);
    if (known !== undefined) return known;
    const opened = this.#makeWindows(version);
    this.#versions.set(version, opened);
    const [oldest] = this.#versions.keys();
    if (this.#versions.size > versionsMax && oldest !== undefined) this.#versions.delete(oldest);
    return opened;
  }

  /** One that was made for other classes says nothing of these. */
  #calibratorOf(version: number): Calibrator | undefined {
    const { kind } = this.task;
    const classes = kind === "classification" ? this.task.classes.length : 0;
    const calibration = this.#calibrationOf?.(version);
    return calibration?.classes === classes ? calibration.calibrator : undefined;
  }

  #makeWindows(version: number, state?: PerformanceWindowsState): PerformanceWindows {
    const { windowMs, horizonMs } = this.#settings;
    const classes = this.task.kind === "classification" ? this.task.classes.length : 0;
    const most = Math.min(windowsMost, Math.floor(windowBytesMax / (classBytes * (classes + 1))));
    const windowsMax = Math.max(2, Math.min(most, Math.ceil(horizonMs / windowMs) + 1));
    const { kind } = this.task;
    const task = kind === "regression" ? ({ kind } as const) : ({ kind, classes } as const);
    const calibrator = this.#calibratorOf(version);
    return new PerformanceWindows({ task, windowMs, windowsMax, calibrator }, state);
  }
}
