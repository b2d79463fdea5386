/**
 * Watches signals of one model version for changes of their level. Each message is one value of
 * each signal, in the stream's order:
 *
 * - `error`: the share of rows that failed;
 * - `latency`: the logarithm of the mean time of its requests, because a few take many times as
 *   long as most: `run`, and `total` with the time in the queue;
 * - `score`: the mean of each output of numbers over the rows that are counted for the first time.
 *
 * Shadows answer nobody and are left out.
 */
import { type Bitmap, isSet } from "../bitmap.ts";
import { type ChangePoint, type Signal, signals } from "../detect/change-point.ts";
import {
  type Detector,
  detectors,
  type SignalOptions,
  type SignalState,
  SignalWatch,
} from "../detect/signal-watch.ts";
import type { EventColumn, PredictionEvent } from "../prediction/event.ts";
import { toDoubles } from "./live-values.ts";
import type { PlacedRows } from "./place-rows.ts";

/** How many changes were found, by signal and by who found them. */
export type ChangeCount = {
  readonly signal: Signal;
  readonly detector: Detector;
  readonly count: number;
};

/** Plain data of bounded size. */
export type ChangeState = {
  /** The latest, oldest first. */
  readonly points: readonly ChangePoint[];
  readonly counts: readonly ChangeCount[];
  readonly watched: readonly {
    readonly signal: Signal;
    readonly name: string;
    readonly state: SignalState;
  }[];
};

const pointsMax = 32;
/** Outputs of a version that are watched, those that are heard of first: the classes of most. */
const outputsMax = 16;
const usOfMs = 1000;

export const signalOptions: Readonly<Record<Signal, SignalOptions>> = {
  // A change by half a hundredth of the rows matters.
  error: { sdMin: 0.02, sdShareMin: 0 },
  // In logarithms: a change by a tenth does.
  latency: { sdMin: 0.4, sdShareMin: 0 },
  // Of an output that is nearly constant, a four-thousandth of it.
  score: { sdMin: 1e-9, sdShareMin: 1e-3 },
};

type Moment = { readonly nowMs: number; readonly seq: number };

type Value = {
  readonly signal: Signal;
  readonly name: string;
  readonly mean: number;
  readonly rows: number;
};

export class ChangeWatch {
  readonly #signals: ReadonlySet<Signal>;
  /** Of each signal, by name. */
  readonly #watched: Readonly<Record<Signal, Map<string, SignalWatch>>>;
  #counts: readonly ChangeCount[];
  #points: readonly ChangePoint[];
  #news: ChangePoint[] = [];

  constructor(watched: readonly Signal[], state?: ChangeState) {
    this.#signals = new Set(watched);
    this.#watched = { error: new Map(), latency: new Map(), score: new Map() };
    this.#points = state?.points ?? [];
    this.#counts = state?.counts ?? noCounts;
    for (const { signal, name, state: saved } of state?.watched ?? []) {
      if (!this.#signals.has(signal)) continue;
      this.#watched[signal].set(name, new SignalWatch(signalOptions[signal], saved));
    }
  }

  /** Those found since this was last asked, oldest first. */
  take(): readonly ChangePoint[] {
    if (this.#news.length === 0) return this.#news;
    const news = this.#news;
    this.#news = [];
    return news;
  }

  /** Takes a message that is counted for the first time, and where its rows are counted. */
  apply(event: PredictionEvent, placed: readonly PlacedRows[], moment: Moment): void {
    this.#watchRequests(event, moment);
    if (placed.length === 0 || !this.#signals.has("score")) return;
    for (const column of event.columns) {
      if (column.kind !== "output" || column.values.kind === "texts") continue;
      const { name } = column;
      if (!this.#isWatched(name)) continue;
      const { mean, rows } = meanOf(column, placed);
      this.#take({ signal: "score", name, mean, rows }, moment);
    }
  }

  /** The latest that were found, newest first. */
  get points(): readonly ChangePoint[] {
    return this.#points.toReversed();
  }

  get counts(): readonly ChangeCount[] {
    return this.#counts;
  }

  state(): ChangeState {
    const watched = [...this.#signals].flatMap((signal) =>
      [...this.#watched[signal]].map(([name, watch]) => ({ signal, name, state: watch.state() })),
    );
    return { points: this.#points, counts: this.#counts, watched };
  }

  #watchRequests(event: PredictionEvent, moment: Moment): void {
    const { roles, statuses, rows, queueUs, runUs, count } = event.requests;
    let failed = event.rowsFailed;
    let all = event.rowsCovered + failed;
    let answered = 0;
    let ran = 0;
    let took = 0;
    for (let index = 0; index < count; index += 1) {
      if (roles[index] === "shadow") all -= rows[index] as number;
      else if (statuses[index] !== 0) failed += rows[index] as number;
      else {
        answered += 1;
        ran += runUs[index] as number;
        took += (queueUs[index] as number) + (runUs[index] as number);
      }
    }
    this.#take({ signal: "error", name: "", mean: failed / all, rows: all }, moment);
    const latency = { signal: "latency", rows: answered } as const;
    this.#take({ ...latency, name: "run", mean: logOf(ran / answered) }, moment);
    this.#take({ ...latency, name: "total", mean: logOf(took / answered) }, moment);
  }

  /** Of outputs no more than so many are, and names are few. */
  #isWatched(output: string): boolean {
    const outputs = this.#watched.score;
    return outputs.has(output) || outputs.size < outputsMax;
  }

  /** A mean over no rows is none. */
  #take({ signal, name, mean, rows }: Value, { nowMs, seq }: Moment): void {
    if (!this.#signals.has(signal) || rows === 0) return;
    const ofSignal = this.#watched[signal];
    let watch = ofSignal.get(name);
    if (watch === undefined) {
      watch = new SignalWatch(signalOptions[signal]);
      ofSignal.set(name, watch);
    }
    const change = watch.update(mean, rows);
    if (change === undefined) return;
    const { detector } = change;
    const [before, after] = [toShown(signal, change.before), toShown(signal, change.after)];
    const point = { signal, name, detector, timeMs: nowMs, seq, before, after };
    this.#points = [...this.#points, point].slice(-pointsMax);
    this.#counts = countedUp(this.#counts, point);
    this.#news.push(point);
  }
}

/** Requests may be quicker than a clock of microseconds can tell. */
function logOf(us: number): number {
  return Math.log(Math.max(1, us));
}

/** Differences of sums may come to a little less than no error. */
function toShown(signal: Signal, level: number): number {
  if (signal === "latency") return Math.exp(level) / usOfMs;
  return signal === "error" ? Math.max(0, level) : level;
}

type Mean = { readonly mean: number; readonly rows: number };

/** Over all finite values of these rows. */
function meanOf({ dtype, nulls, values }: EventColumn, placed: readonly PlacedRows[]): Mean {
  if (values.kind === "texts") return { mean: Number.NaN, rows: 0 };
  const doubles = toDoubles(dtype, values.data);
  let total = 0;
  let count = 0;
  for (const { rows } of placed) {
    for (let index = 0; index < rows.length; index += 1)
      total += doubles[rows[index] as number] ?? 0;
    count += rows.length;
  }
  // Nearly always every value is one, and a single one that is not shows in the sum.
  if (nulls.length === 0 && Number.isFinite(total)) return { mean: total / count, rows: count };
  return meanOfSome(doubles, nulls, placed);
}

function meanOfSome(doubles: Float64Array, nulls: Bitmap, placed: readonly PlacedRows[]): Mean {
  let total = 0;
  let count = 0;
  for (const { rows } of placed) {
    for (const row of rows) {
      const value = doubles[row] as number;
      if (!Number.isFinite(value) || isSet(nulls, row)) continue;
      total += value;
      count += 1;
    }
  }
  return { mean: total / count, rows: count };
}

function countedUp(
  counts: readonly ChangeCount[],
  { signal, detector }: ChangePoint,
): readonly ChangeCount[] {
  return counts.map((each) =>
    each.signal === signal && each.detector === detector
      ? { ...each, count: each.count + 1 }
      : each,
  );
}

const noCounts: readonly ChangeCount[] = signals.flatMap((signal) =>
  detectors.map((detector) => ({ signal, detector, count: 0 })),
);
