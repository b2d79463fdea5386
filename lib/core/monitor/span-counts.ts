import type { CategoryHistogramState } from "../drift/category-histogram.ts";
import type { FeatureHistogram, PreparedFeature } from "../drift/comparison.ts";
import type { Quality } from "../drift/quality.ts";
import type { Pane } from "./pane.ts";
import type { Reference } from "./reference.ts";

export const hourMs = 3_600_000;

/**
 * What the windows of a span of time, such as a clock hour, have counted of every feature and
 * output, in the cells of the reference: three arrays for all of them together, features first.
 */
export type SpanCounts = {
  readonly startMs: number;
  readonly rows: number;
  readonly counts: Uint32Array | Float64Array;
  readonly sums: Float64Array;
  /** Six numbers for each feature and output. */
  readonly quality: Float64Array;
};

/** Beyond it a count might need more than four bytes. */
const rowsOfFourBytes = 2 ** 32 - 1;
const qualityKeys: readonly (keyof Quality)[] = [
  ...(["nulls", "nans", "posInf", "negInf", "typeErrors", "unseen"] as const),
];

/** The hour a time is in. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / hourMs) * hourMs;
}

/** What the arrays of a span take, in bytes. */
export function spanBytes(reference: Reference): number {
  const { counts, sums, quality } = emptySpan(reference, 0);
  return counts.byteLength + sums.byteLength + quality.byteLength;
}

export function emptySpan(reference: Reference, startMs: number): SpanCounts {
  const all = preparedOf(reference);
  return {
    startMs,
    rows: 0,
    counts: new Uint32Array(all.reduce((sum, { cells }) => sum + cells.counts, 0)),
    sums: new Float64Array(all.reduce((sum, { cells }) => sum + cells.sums, 0)),
    quality: new Float64Array(all.length * qualityKeys.length),
  };
}

/** The span with what a pane counted by the same reference holds; its arrays are new. */
export function withPane(span: SpanCounts, pane: Pane): SpanCounts {
  const rows = span.rows + pane.rows;
  const counts = rows > rowsOfFourBytes ? Float64Array.from(span.counts) : span.counts.slice();
  const [sums, quality] = [span.sums.slice(), span.quality.slice()];
  const next = { counts: 0, sums: 0, quality: 0 };
  for (const histogram of pane.histograms) {
    const state = histogram.state();
    addInto(counts, state.counts, next.counts);
    next.counts += state.counts.length;
    if (state.type === "number") {
      addInto(sums, state.sums, next.sums);
      next.sums += state.sums.length;
    }
    addInto(
      quality,
      qualityKeys.map((key) => state.quality[key]),
      next.quality,
    );
    next.quality += qualityKeys.length;
  }
  return { startMs: span.startMs, rows, counts, sums, quality };
}

/** The span with what another of the same reference holds; its arrays are new. */
export function withSpan(span: SpanCounts, other: SpanCounts): SpanCounts {
  const rows = span.rows + other.rows;
  const counts = rows > rowsOfFourBytes ? Float64Array.from(span.counts) : span.counts.slice();
  const [sums, quality] = [span.sums.slice(), span.quality.slice()];
  addInto(counts, other.counts, 0);
  addInto(sums, other.sums, 0);
  addInto(quality, other.quality, 0);
  return { startMs: span.startMs, rows, counts, sums, quality };
}

/** What the histogram of a category has beside numbers. */
export type CategoryValues = Pick<CategoryHistogramState, "unnamed" | "strangers">;

/**
 * A histogram for each feature and output, features first, that holds what the span has. Values of
 * categories are given by that place; where they are not, nobody knows of them.
 */
export function histogramsOfSpan(
  span: SpanCounts,
  reference: Reference,
  valuesOf: ReadonlyMap<number, CategoryValues> = new Map(),
): FeatureHistogram[] {
  const next = { counts: 0, sums: 0, quality: 0 };
  return preparedOf(reference).map((feature, place) => {
    const { cells } = feature;
    const part = (array: Uint32Array | Float64Array, from: number, length: number) =>
      Float64Array.from(array.subarray(from, from + length));
    const counts = part(span.counts, next.counts, cells.counts);
    const sums = part(span.sums, next.sums, cells.sums);
    const quality = qualityOf(part(span.quality, next.quality, qualityKeys.length));
    next.counts += cells.counts;
    next.sums += cells.sums;
    next.quality += qualityKeys.length;
    const histogram = feature.empty();
    if (histogram.type === "number") histogram.merge({ type: "number", counts, sums, quality });
    else histogram.merge({ type: "category", counts, quality, ...valuesOf.get(place) });
    return histogram;
  });
}

function preparedOf({ features, outputs }: Reference): readonly PreparedFeature[] {
  return [...features, ...outputs];
}

function addInto(all: Uint32Array | Float64Array, part: ArrayLike<number>, from: number): void {
  for (let index = 0; index < part.length; index += 1) {
    all[from + index] = (all[from + index] as number) + (part[index] as number);
  }
}

function qualityOf(numbers: Float64Array): Quality {
  const [nulls = 0, nans = 0, posInf = 0, negInf = 0, typeErrors = 0, unseen = 0] = numbers;
  return { nulls, nans, posInf, negInf, typeErrors, unseen };
}
