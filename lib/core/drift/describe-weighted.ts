// The baseline of a number whose values are not there any more: a sample is, each value of which
// stands for so many. Ranks count what values stand for, and so the edges are quantiles as those of
// the values would be; bins add up weights.
import type { Dtype } from "../tensor/dtype.ts";
import { describeNumber, houseBins, type Moments, type NumberBaseline } from "./baseline.ts";
import { binOf, rankedEdges } from "./bins.ts";
import { exactSum } from "./exact-sum.ts";
import { roundToDtype } from "./round.ts";

export type WeightedSource = {
  readonly name: string;
  readonly dtype: Exclude<Dtype, "BYTES">;
  readonly nulls: number;
  readonly values: Float64Array;
  /** Whole numbers, one for each value. */
  readonly weights: Float64Array;
  /** Of the values themselves, where they are known. */
  readonly moments: Moments | undefined;
};

/** Builds the baseline. Where each value stands for itself it is that of the values. */
export function describeWeighted(source: WeightedSource): NumberBaseline {
  const { name, dtype, nulls, values, weights } = source;
  if (weights.every((weight) => weight === 1)) {
    const missing = Array.from({ length: nulls }, () => null);
    return describeNumber({ name, dtype, values: [...values, ...missing] });
  }
  const rounded = values.map((value) => roundToDtype(dtype, value));
  const order = Uint32Array.from(rounded.keys()).filter((at) => Number.isFinite(rounded[at]));
  order.sort((one, other) => (rounded[one] as number) - (rounded[other] as number));
  const sample = {
    values: Float64Array.from(order, (at) => rounded[at] as number),
    weights: Float64Array.from(order, (at) => weights[at] as number),
  };
  const coarse = binsOf(sample, houseBins.coarse);
  const fine = binsOf(sample, houseBins.fine);
  const weightOf = (wanted: number) =>
    rounded.reduce((sum, each, at) => sum + (Object.is(each, wanted) ? (weights[at] ?? 0) : 0), 0);
  return {
    ...{ name, type: "number", dtype },
    ...{ edges10: coarse.edges, counts10: coarse.counts },
    ...{ edges64: fine.edges, counts64: fine.counts, sums64: fine.sums },
    nulls,
    nans: weightOf(Number.NaN),
    posInf: weightOf(Number.POSITIVE_INFINITY),
    negInf: weightOf(Number.NEGATIVE_INFINITY),
    moments: momentsOf(sample, dtype, source.moments),
  };
}

/** In ascending order of the values, all of them finite. */
type Sample = { readonly values: Float64Array; readonly weights: Float64Array };

function binsOf({ values, weights }: Sample, bins: number) {
  const upTo = new Float64Array(weights.length);
  let length = 0;
  for (const [at, weight] of weights.entries()) {
    length += weight;
    upTo[at] = length;
  }
  // A value has the ranks below what it and those before it stand for.
  const at = (rank: number) => values[binOf(upTo, rank)] as number;
  const edges = rankedEdges({ length, at }, bins);
  const counts = new Array<number>(edges.length + 1).fill(0);
  const parts = counts.map((): number[] => []);
  for (const [place, value] of values.entries()) {
    const [bin, weight] = [binOf(edges, value), weights[place] as number];
    counts[bin] = (counts[bin] as number) + weight;
    parts[bin]?.push(value * weight);
  }
  return { edges: [...edges], counts, sums: parts.map((part) => exactSum(part)) };
}

function momentsOf(
  { values, weights }: Sample,
  dtype: WeightedSource["dtype"],
  known: Moments | undefined,
): Moments | undefined {
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  if (known !== undefined) {
    const [min, max] = [known.min, known.max].map((end) => roundToDtype(dtype, end));
    return { ...known, min: Math.min(min ?? first, first), max: Math.max(max ?? last, last) };
  }
  const all = exactSum(weights);
  const mean = exactSum(values.map((value, at) => value * (weights[at] as number))) / all;
  const squares = values.map((value, at) => (value - mean) ** 2 * (weights[at] as number));
  return { mean, sd: Math.sqrt(exactSum(squares) / all), min: first, max: last };
}
