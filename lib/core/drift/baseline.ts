import type { ColumnType } from "../model/spec.ts";
import type { Calibration } from "../performance/calibration.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { quantileEdges } from "./bins.ts";
import type { Constraints } from "./constraints.ts";
import { exactSum } from "./exact-sum.ts";
import type { Frequency } from "./expected-distinct.ts";
import { roundToDtype } from "./round.ts";

/** What every feature of a baseline has. */
type FeatureCommon = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly nulls: number;
  readonly constraints?: Constraints;
};

/** How many bins of about equal size a number is cut into. */
export type BinNumbers = { readonly coarse: number; readonly fine: number };

export const houseBins: BinNumbers = { coarse: 10, fine: 64 };

/**
 * The distribution of a number: coarse bins to compare shares by, fine ones with sums for
 * distances. The names are those of baseline.json and tell the house's numbers of bins. Bins hold
 * finite values alone; n edges make n + 1 bins. The moments are undefined where no value is finite.
 */
export type NumberBaseline = FeatureCommon & {
  readonly type: "number";
  readonly edges10: readonly number[];
  readonly counts10: readonly number[];
  readonly edges64: readonly number[];
  readonly counts64: readonly number[];
  readonly sums64: readonly number[];
  readonly nans: number;
  readonly posInf: number;
  readonly negInf: number;
  readonly moments: Moments | undefined;
};

/** The standard deviation is the population's. */
export type Moments = {
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
};

export type CategoryCount = { readonly value: string; readonly count: number };

/** The counts of a category's values; those beyond the first 256 share the name `categoryOther`. */
export type CategoryBaseline = FeatureCommon & {
  readonly type: "category";
  readonly categories: readonly CategoryCount[];
  /** How often each of the values beyond the first 256 occurs; absent where there are none. */
  readonly rest?: readonly Frequency[] | undefined;
};

export type FeatureBaseline = NumberBaseline | CategoryBaseline;

/** The distribution of the data a model version was made from, as `baseline.json` holds it. */
export type Baseline = {
  readonly model: string;
  readonly version: number;
  /** SHA-256 of the model file it belongs to, in hexadecimal. */
  readonly digest: string;
  readonly rows: number;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Absent where it is of the data the model was made from. */
  readonly source?: ServedPeriod | undefined;
  readonly features: readonly FeatureBaseline[];
  readonly outputs: readonly FeatureBaseline[];
  /** How scores become probabilities; absent where they are taken as they are. */
  readonly calibration?: Calibration | undefined;
  /** SHA-256 of the vocabulary.txt that was made with it; undefined without one. */
  readonly vocabulary?: string | undefined;
};

/** Rows that were predicted from `since` on and before `until`; RFC 3339. */
export type ServedPeriod = {
  readonly since: string;
  readonly until: string;
  /** Of the predictions; 1 for all of them. */
  readonly share: number;
};

export const categoryOther = "__other__";
const categoriesMax = 256;

export type FeatureSource<Value> = {
  readonly name: string;
  readonly type: ColumnType;
  readonly dtype: Dtype;
  /** null counts as null. */
  readonly values: Iterable<Value | null>;
};

/** Builds the baseline of a number. Values are rounded to the data type first. */
export function describeNumber(
  source: Omit<FeatureSource<number>, "type"> & { readonly dtype: Exclude<Dtype, "BYTES"> },
  bins: BinNumbers = houseBins,
): NumberBaseline {
  const items = Array.from(source.values);
  const present = items.filter((value) => value !== null);
  const rounded = Float64Array.from(present, (value) => roundToDtype(source.dtype, value));
  const sorted = rounded.filter(Number.isFinite).sort();
  const coarse = quantileEdges(sorted, bins.coarse);
  const fine = quantileEdges(sorted, bins.fine);
  return {
    name: source.name,
    type: "number",
    dtype: source.dtype,
    edges10: [...coarse],
    counts10: parts(sorted, coarse).map((part) => part.length),
    edges64: [...fine],
    counts64: parts(sorted, fine).map((part) => part.length),
    sums64: parts(sorted, fine).map((part) => exactSum(part)),
    nulls: items.length - present.length,
    nans: countOf(rounded, Number.NaN),
    posInf: countOf(rounded, Number.POSITIVE_INFINITY),
    negInf: countOf(rounded, Number.NEGATIVE_INFINITY),
    moments: momentsOf(sorted),
  };
}

/** Builds the baseline of a category: values by count, largest first, then by name. */
export function describeCategory(source: Omit<FeatureSource<string>, "type">): CategoryBaseline {
  const counts = new Map<string, number>();
  let nulls = 0;
  for (const value of source.values) {
    if (value === null) nulls += 1;
    else counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return describeCounts({ name: source.name, dtype: source.dtype, nulls, counts });
}

/** The same from counts. */
export function describeCounts(
  source: FeatureCommon & { readonly counts: ReadonlyMap<string, number> },
): CategoryBaseline {
  const { name, dtype, nulls, counts } = source;
  const ranked = [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, two) => two.count - one.count || compareCodePoints(one.value, two.value));
  const rest = ranked.slice(categoriesMax).reduce((sum, { count }) => sum + count, 0);
  const categories = ranked.slice(0, categoriesMax);
  if (rest === 0) return { name, type: "category", dtype, categories, nulls };
  const frequencies = frequenciesOf(ranked.slice(categoriesMax).map(({ count }) => count));
  categories.push({ value: categoryOther, count: rest });
  return { name, type: "category", dtype, categories, nulls, rest: frequencies };
}

/** Exact up to this; counts above it are taken together where they differ by less than a tenth. */
const exactMax = 32;
const stepsPerDoubling = 8;

function frequenciesOf(counts: readonly number[]): Frequency[] {
  const groups = new Map<number, { count: number; values: number }>();
  for (const count of counts) {
    const step = count <= exactMax ? count : -Math.floor(Math.log2(count) * stepsPerDoubling);
    const group = groups.get(step) ?? { count: 0, values: 0 };
    groups.set(step, { count: group.count + count, values: group.values + 1 });
  }
  return [...groups.values()].map(({ count, values }) => ({ count: count / values, values }));
}

/** The sorted values of each bin. */
function parts(sorted: Float64Array, edges: Float64Array): Float64Array[] {
  const starts = [0, ...Array.from(edges, (edge) => firstAtOrAbove(sorted, edge)), sorted.length];
  return Array.from({ length: edges.length + 1 }, (_, bin) =>
    sorted.subarray(starts[bin], starts[bin + 1]),
  );
}

/** An edge belongs to the bin above it. */
function firstAtOrAbove(sorted: Float64Array, edge: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countOf(values: Float64Array, wanted: number): number {
  return values.reduce((count, value) => count + (Object.is(value, wanted) ? 1 : 0), 0);
}

function momentsOf(sorted: Float64Array): Moments | undefined {
  if (sorted.length === 0) return undefined;
  const mean = exactSum(sorted) / sorted.length;
  const variance = exactSum(sorted.map((value) => (value - mean) * (value - mean)));
  return {
    mean,
    sd: Math.sqrt(variance / sorted.length),
    min: sorted[0] as number,
    max: sorted[sorted.length - 1] as number,
  };
}

/** The order of Unicode code points, which is not that of the UTF-16 units `<` compares. */
function compareCodePoints(one: string, two: string): number {
  const [left, right] = [Array.from(one), Array.from(two)];
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const gap = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (gap !== 0) return gap;
  }
  return left.length - right.length;
}
