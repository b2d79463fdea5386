import type { MessageRange } from "../alert/alert.ts";
import type { Bitmap } from "../bitmap.ts";
import type { CategoryHistogramState, CodedTexts } from "../drift/category-histogram.ts";
import { Cells } from "../drift/cells.ts";
import type { FeatureHistogram } from "../drift/comparison.ts";
import type { NumberHistogramState } from "../drift/number-histogram.ts";
import type { ColumnKind } from "../prediction/value-column.ts";
import type { Reference } from "./reference.ts";
import { RowSet, type RowSetState } from "./row-set.ts";

export type HistogramState = NumberHistogramState | CategoryHistogramState;

export type PaneState = {
  readonly startMs: number;
  readonly rows: number;
  readonly isRevised: boolean;
  readonly remembered: RowSetState;
  readonly features: readonly HistogramState[];
  readonly outputs: readonly HistogramState[];
  /** Absent in what older monitors saved. */
  readonly traceIds?: readonly string[];
  readonly messages?: MessageRange;
};

/** Values of one column, as the histogram of its feature wants them. */
export type LiveColumn = {
  readonly kind: ColumnKind;
  /** Of the feature or output in the reference. */
  readonly place: number;
  readonly nulls: Bitmap;
  readonly values: LiveValues;
};

export type LiveValues =
  /** The memory may serve for the next column, too. */
  | { readonly type: "number"; readonly doubles: Float64Array }
  | { readonly type: "category"; readonly texts: CodedTexts }
  /** They are of another kind than the baseline's. */
  | { readonly type: "error"; readonly problem: string };

export type PaneOptions = {
  readonly startMs: number;
  readonly reference: Reference | undefined;
  /** How many rows are remembered, so that a repeat is not counted twice. A power of two. */
  readonly slotsMax: number;
};

const traceIdsMax = 3;
const noMessages: MessageRange = { firstSeq: 0, lastSeq: 0 };

/**
 * What one window of one model version has seen. Its size depends on the reference, not on the
 * rows.
 */
export class Pane {
  readonly startMs: number;
  /** The rows counted here, to know them again. */
  readonly remembered: RowSet;
  rows = 0;
  /** Rows came after the window had closed. */
  isRevised = false;
  #traceIds: readonly string[] = [];
  #messages = noMessages;
  readonly #histograms: Readonly<Record<ColumnKind, readonly FeatureHistogram[]>>;

  constructor({ startMs, reference, slotsMax }: PaneOptions, state?: PaneState) {
    this.startMs = startMs;
    this.remembered = new RowSet(slotsMax, state?.remembered);
    const { features, outputs } = reference ?? { features: [], outputs: [] };
    const memory = new Cells([...features, ...outputs].map(({ cells }) => cells));
    this.#histograms = {
      feature: features.map(({ empty }) => empty(memory)),
      output: outputs.map(({ empty }) => empty(memory)),
    };
    if (state === undefined) return;
    this.rows = state.rows;
    this.isRevised = state.isRevised;
    this.#traceIds = state.traceIds ?? [];
    this.#messages = state.messages ?? noMessages;
    mergeAll(this.#histograms.feature, state.features);
    mergeAll(this.#histograms.output, state.outputs);
  }

  /** Of the first sampled requests that count here, in hexadecimal. */
  get traceIds(): readonly string[] {
    return this.#traceIds;
  }

  get wantsTraces(): boolean {
    return this.#traceIds.length < traceIdsMax;
  }

  /** Sequences of the first and the last message with rows that count here; 0 without any. */
  get messages(): MessageRange {
    return this.#messages;
  }

  addTrace(traceId: string): void {
    if (!this.wantsTraces || this.#traceIds.includes(traceId)) return;
    this.#traceIds = [...this.#traceIds, traceId];
  }

  /** Notes that a message has rows that count here. Sequences rise, unless the stream is anew. */
  addMessage(seq: number): void {
    const { firstSeq, lastSeq } = this.#messages;
    const isFirst = firstSeq === 0 || seq < lastSeq;
    this.#messages = { firstSeq: isFirst ? seq : firstSeq, lastSeq: seq };
  }

  /** Of every feature, then of every output. */
  get histograms(): readonly FeatureHistogram[] {
    const { feature, output } = this.#histograms;
    return [...feature, ...output];
  }

  histogram(kind: ColumnKind, place: number): FeatureHistogram | undefined {
    return this.#histograms[kind][place];
  }

  /** Counts the values of a column at `rows`. */
  add({ kind, place, nulls, values }: LiveColumn, rows: Uint32Array): void {
    const histogram = this.#histograms[kind][place];
    if (histogram === undefined) return;
    if (values.type === "number" && histogram.type === "number") {
      histogram.add(values.doubles, nulls, rows);
    } else if (values.type === "category" && histogram.type === "category") {
      histogram.add(values.texts, nulls, rows);
    } else if (histogram.type === "number") histogram.addTypeErrors(rows.length);
  }

  /** Counts rows of a feature that have no value. */
  addAbsent(place: number, rows: number): void {
    this.#histograms.feature[place]?.addNulls(rows);
  }

  state(): PaneState {
    return {
      startMs: this.startMs,
      rows: this.rows,
      isRevised: this.isRevised,
      traceIds: this.#traceIds,
      messages: this.#messages,
      remembered: this.remembered.state(),
      features: this.#histograms.feature.map((histogram) => histogram.state()),
      outputs: this.#histograms.output.map((histogram) => histogram.state()),
    };
  }
}

function mergeAll(
  histograms: readonly FeatureHistogram[],
  states: readonly HistogramState[],
): void {
  for (const [place, histogram] of histograms.entries()) {
    const state = states[place];
    if (state?.type === "number" && histogram.type === "number") histogram.merge(state);
    if (state?.type === "category" && histogram.type === "category") histogram.merge(state);
  }
}
