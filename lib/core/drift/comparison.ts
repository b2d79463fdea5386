import type { FeatureType } from "../model/spec.ts";
import type { FeatureBaseline } from "./baseline.ts";
import { CategoryBins, CategoryHistogram } from "./category-histogram.ts";
import { type Grid, makeGrid } from "./grid.ts";
import { NumberHistogram } from "./number-histogram.ts";

/** Counts of the same bins on both sides. */
export type BinPair = { readonly baseline: Float64Array; readonly current: Float64Array };

/** What a statistic compares: a baseline and a window in the same bins. */
export type Comparison = {
  readonly type: FeatureType;
  /** The ten bins of a number, or the categories and one bin for what is unseen. */
  readonly coarse: BinPair;
};

/** The live side of a feature. */
export type FeatureHistogram = NumberHistogram | CategoryHistogram;

/**
 * A feature of a baseline, made ready to count live values in its bins. Made once; every histogram
 * of it shares the bins.
 */
export type PreparedFeature = {
  readonly baseline: FeatureBaseline;
  /** Counts of the coarse bins; an unseen category has none. */
  readonly counts: Float64Array;
  readonly empty: () => FeatureHistogram;
};

export function prepareFeature(baseline: FeatureBaseline): PreparedFeature {
  if (baseline.type === "number") {
    const grid: Grid = makeGrid(baseline.edges10, baseline.edges64);
    const counts = Float64Array.from(baseline.counts10);
    return { baseline, counts, empty: () => new NumberHistogram(grid) };
  }
  const bins = new CategoryBins(baseline.categories);
  const counts = Float64Array.from([...baseline.categories.map(({ count }) => count), 0]);
  return { baseline, counts, empty: () => new CategoryHistogram(bins) };
}

/** Sets live counts against those of the baseline they were counted by. */
export function compare(feature: PreparedFeature, live: FeatureHistogram): Comparison {
  return {
    type: feature.baseline.type,
    coarse: { baseline: feature.counts, current: live.coarse() },
  };
}

export function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** The bins that hold something on at least one side. */
export function occupied(pair: BinPair): BinPair {
  const isOccupied = (_: number, bin: number) =>
    (pair.baseline[bin] ?? 0) + (pair.current[bin] ?? 0) > 0;
  return {
    baseline: pair.baseline.filter(isOccupied),
    current: pair.current.filter(isOccupied),
  };
}
