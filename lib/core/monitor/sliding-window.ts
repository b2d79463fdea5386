// The latest closed windows together, judged as if they were one. Where a single one has too few
// rows for a verdict, several may have enough; where it has enough, more show a smaller drift.
import type { AlertEvidence, MessageRange } from "../alert/alert.ts";
import type { FeatureHistogram } from "../drift/comparison.ts";
import { DistinctSketch } from "../drift/distinct-sketch.ts";
import type { Thresholds } from "../drift/verdict.ts";
import type { PastHour } from "./hour-archive.ts";
import type { Pane } from "./pane.ts";
import type { Reference } from "./reference.ts";
import {
  type CategoryValues,
  emptySpan,
  histogramsOfSpan,
  type SpanCounts,
  spanBytes,
  withPane,
  withSpan,
} from "./span-counts.ts";
import { type CountedWindow, reportWindow, type WindowReport } from "./window-report.ts";

/** `monitoring.sliding` of model.yaml. */
export type SlidingSettings = {
  /** How many windows it spans. */
  readonly windows: number;
  /** Alerts are raised by it, and not by single windows. */
  readonly alerts: boolean;
};

export type SlidingOptions = SlidingSettings & {
  readonly windowMs: number;
  readonly thresholds: Thresholds;
  /** Names the cells of the reference: what was counted in others is dropped. */
  readonly cells: string;
};

/** A window that has closed for good. */
type Settled = {
  readonly counts: SpanCounts;
  readonly values: readonly PlacedValues[];
  readonly traceIds: readonly string[];
  readonly messages: MessageRange;
};

/** Of a category that has any without a name: its place among all, features first. */
type PlacedValues = { readonly place: number; readonly values: CategoryValues };

export type SlidingState = {
  readonly cells: string;
  /** Oldest first. */
  readonly windows: readonly Settled[];
  readonly lookedMs: number;
};

/** What is told of it. */
export type SlidingReport = {
  /** How many windows it spans. */
  readonly windows: number;
  /** Undefined until a window has closed. */
  readonly window: WindowReport | undefined;
  /** Why there is none; empty when nothing is wrong. */
  readonly problem: string;
};

/** What there is of the windows it spans. */
export type Spanned = {
  /** When the latest of them ends. */
  readonly endMs: number;
  /** Windows that have closed and may still be revised. */
  readonly closed: readonly Pane[];
  readonly past: PastHour | undefined;
};

// Twelve windows of 4096 numbers and as much again.
const bytesMax = 128 * 2 ** 20;
const traceIdsMax = 3;
/** How many of its lengths alerts look at it before every row of one has gone. */
export const looksPerSpan = 3;
const nowhere: Spanned = { endMs: 0, closed: [], past: undefined };
const noMessages: MessageRange = { firstSeq: 0, lastSeq: 0 };

/**
 * The sum of the latest windows by time: those that were empty count as such. Nothing is ever
 * subtracted, so that it is exactly what one long window would have counted. Its size is that of as
 * many windows' cells.
 */
export class SlidingWindow {
  readonly problem: string;
  readonly #options: SlidingOptions;
  readonly #reference: Reference;
  #settled: readonly Settled[] = [];
  #spanned: Spanned | undefined;
  #report: WindowReport | undefined;
  /** The end of the one that alerts last looked at. */
  #lookedMs: number;

  constructor(options: SlidingOptions, reference: Reference, saved?: SlidingState) {
    this.#options = options;
    this.#reference = reference;
    const bytes = options.windows * spanBytes(reference);
    const size = Math.ceil(bytes / 2 ** 20);
    this.problem =
      bytes <= bytesMax
        ? ""
        : `${options.windows} windows would take ${size} MiB, limit ${bytesMax / 2 ** 20}`;
    const known = saved?.cells === options.cells ? saved : undefined;
    this.#settled = (known?.windows ?? []).map(copyOf);
    this.#lookedMs = known?.lookedMs ?? Number.NEGATIVE_INFINITY;
  }

  get report(): SlidingReport {
    const { windows } = this.#options;
    if (this.problem === "" && this.#spanned !== undefined) {
      this.#report ??= this.#judge(this.#spanned);
    }
    return { windows, window: this.#report, problem: this.problem };
  }

  state(): SlidingState {
    return { cells: this.#options.cells, windows: this.#settled, lookedMs: this.#lookedMs };
  }

  /** Adds a window that has closed for good. Windows come in the order of their times. */
  add(pane: Pane): void {
    if (this.problem !== "") return;
    const { startMs, traceIds, messages } = pane;
    const counts = withPane(emptySpan(this.#reference, startMs), pane);
    const values = valuesOf(pane);
    this.#settled = [...this.#settled, { counts, values, traceIds, messages }];
  }

  /** Spans other windows from now on, or the same ones after late rows. */
  span(spanned: Spanned): void {
    this.#spanned = spanned;
    this.#report = undefined;
  }

  /** Forgets what no window that ends at `endMs` or later spans. */
  forgetBefore(endMs: number): void {
    const sinceMs = endMs - this.#spanMs;
    if ((this.#settled[0]?.counts.startMs ?? sinceMs) >= sinceMs) return;
    this.#settled = this.#settled.filter(({ counts }) => counts.startMs >= sinceMs);
  }

  /**
   * What alerts look at, once a third of its length after they last did: two in a row have nearly
   * the same rows, and one would confirm the other. Undefined while they do not.
   */
  look(): WindowReport | undefined {
    const endMs = this.#spanned?.endMs ?? 0;
    if (endMs - this.#lookedMs < this.#lookEveryMs) return undefined;
    this.#lookedMs = endMs;
    return this.report.window;
  }

  /** Samples of the requests it spans, and where its messages are. */
  get context(): Pick<AlertEvidence, "traceIds" | "messages"> {
    const spanned = this.#spanned ?? nowhere;
    const isWithin = this.#isWithin(spanned);
    const all = [
      ...this.#settled.filter(({ counts }) => isWithin(counts)),
      ...spanned.closed.filter(isWithin),
    ];
    const messages = all.map((each) => each.messages).filter(({ firstSeq }) => firstSeq > 0);
    return {
      traceIds: all.flatMap(({ traceIds }) => traceIds).slice(-traceIdsMax),
      messages: messages.reduce(joined, messages[0] ?? noMessages),
    };
  }

  /** Made when somebody wants to know: late rows may change it with every message. */
  #judge(spanned: Spanned): WindowReport {
    const { thresholds } = this.#options;
    const { closed, past } = spanned;
    const isWithin = this.#isWithin(spanned);
    const settled = this.#settled.filter(({ counts }) => isWithin(counts));
    const recent = closed.filter(isWithin);
    const first = emptySpan(this.#reference, spanned.endMs - this.#spanMs);
    const counted = recent.reduce(
      (sum, pane) => withPane(sum, pane),
      settled.reduce((sum, { counts }) => withSpan(sum, counts), first),
    );
    const values = [
      ...settled.flatMap((each) => each.values),
      ...recent.flatMap((pane) => valuesOf(pane)),
    ];
    const isRevised = recent.some((pane) => pane.isRevised);
    const whole = this.#windowOf(counted, values);
    return reportWindow({ ...whole, isRevised }, this.#reference, {
      ...{ windowMs: this.#spanMs, thresholds, provisional: false, past },
    });
  }

  get #lookEveryMs(): number {
    const { windows, windowMs } = this.#options;
    return windowMs * Math.ceil(windows / looksPerSpan);
  }

  get #spanMs(): number {
    return this.#options.windows * this.#options.windowMs;
  }

  #isWithin({ endMs }: Spanned) {
    return ({ startMs }: { readonly startMs: number }) =>
      startMs >= endMs - this.#spanMs && startMs < endMs;
  }

  #windowOf(
    counted: SpanCounts,
    values: readonly PlacedValues[],
  ): Omit<CountedWindow, "isRevised"> {
    const { startMs, rows } = counted;
    const histograms = histogramsOfSpan(counted, this.#reference, together(values));
    const outputsAt = this.#reference.features.length;
    const histogram = (kind: string, place: number): FeatureHistogram | undefined =>
      histograms[kind === "feature" ? place : outputsAt + place];
    return { startMs, rows, histogram };
  }
}

function valuesOf({ histograms }: Pane): PlacedValues[] {
  return histograms.flatMap((histogram, place) => {
    if (histogram.type !== "category") return [];
    const { unnamed, strangers } = histogram.state();
    if (unnamed === undefined && strangers === undefined) return [];
    const values = { ...(unnamed && { unnamed }), ...(strangers && { strangers }) };
    return [{ place, values }];
  });
}

/** By place. */
function together(all: readonly PlacedValues[]): Map<number, CategoryValues> {
  const found = new Map<number, CategoryValues>();
  for (const [place, of] of Map.groupBy(all, (each) => each.place)) {
    const sketch = new DistinctSketch();
    for (const { values } of of) if (values.unnamed !== undefined) sketch.merge(values.unnamed);
    // One that does not know how many there were leaves all of them unknown.
    const isWhole = of.every(({ values }) => values.unnamed !== undefined);
    const strangers = of.flatMap(({ values }) => values.strangers ?? []);
    const merged = { ...(isWhole && { unnamed: sketch.state() }), strangers };
    found.set(place, merged);
  }
  return found;
}

function joined(one: MessageRange, other: MessageRange): MessageRange {
  const firstSeq = Math.min(one.firstSeq, other.firstSeq);
  return { firstSeq, lastSeq: Math.max(one.lastSeq, other.lastSeq) };
}

/** Arrays as they are read are views into all that was read together. */
function copyOf(settled: Settled): Settled {
  const { counts, sums, quality } = settled.counts;
  const copied = { counts: counts.slice(), sums: sums.slice(), quality: quality.slice() };
  const values = settled.values.map(({ place, values: { unnamed, ...rest } }) => ({
    place,
    values: { ...rest, ...(unnamed && { unnamed: unnamed.slice() }) },
  }));
  return { ...settled, values, counts: { ...settled.counts, ...copied } };
}
