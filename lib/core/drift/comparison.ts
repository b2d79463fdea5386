import type { ColumnType } from "../model/spec.ts";
import { type BinNumbers, categoryOther, type FeatureBaseline, houseBins } from "./baseline.ts";
import { categoryFrequencies } from "./cardinality.ts";
import { CategoryBins, CategoryHistogram, categoryCells } from "./category-histogram.ts";
import type { Cells, CellsSize } from "./cells.ts";
import { type Constraints, domainOf, limitsOf, mergeConstraints } from "./constraints.ts";
import { type Contingency, contingencyOf, total } from "./contingency.ts";
import type { Frequency } from "./expected-distinct.ts";
import { type Grid, makeGrid } from "./grid.ts";
import { NumberHistogram, numberCells } from "./number-histogram.ts";

/** Counts of a number's bins and the sums of the values in them. */
export type SummedBins = { readonly counts: Float64Array; readonly sums: Float64Array };

/** What a statistic compares: a baseline and a window in the same bins. */
export type Comparison = {
  readonly type: ColumnType;
  /** How many bins of about equal size a number's baseline was cut into. */
  readonly bins: BinNumbers;
  /** The coarse bins of a number, or the categories and one bin for what is unseen. */
  readonly coarse: Contingency;
  /** Undefined for categories. */
  readonly fine: FineBins | undefined;
};

export type FineBins = {
  readonly baseline: SummedBins;
  readonly current: SummedBins;
  /** The baseline's standard deviation; undefined where all its values are the same. */
  readonly sd: number | undefined;
};

/** The live side of a feature. */
export type FeatureHistogram = NumberHistogram | CategoryHistogram;

/**
 * A feature of a baseline, made ready to count live values in its bins. Made once; every histogram
 * of it shares the bins.
 */
export type PreparedFeature = {
  readonly baseline: FeatureBaseline;
  readonly bins: BinNumbers;
  readonly constraints: Constraints;
  /** Counts of the coarse bins; an unseen category has none. */
  readonly counts: Float64Array;
  /** Undefined for categories. */
  readonly fine: SummedBins | undefined;
  /** How many of the baseline's values are as if they had been outside of its range. */
  readonly outsideBefore: number;
  /** How many of them are as if their category had been unseen. */
  readonly unseenBefore: number;
  /** How often values occur, of a number those of a fine bin; undefined where it is not known. */
  readonly frequencies: readonly Frequency[] | undefined;
  /** What its histogram takes of memory that it shares with others. */
  readonly cells: CellsSize;
  /** In memory of its own where none is given. */
  readonly empty: (memory?: Cells) => FeatureHistogram;
};

export type PrepareOptions = {
  /** Those the baseline was described with. */
  readonly bins?: BinNumbers;
  /** What model.yaml says, which precedes what the baseline has. */
  readonly declared?: Constraints | undefined;
  /** Whether values that the baseline does not have are told; they are, unless this says no. */
  readonly tellsUnseen?: boolean;
};

/**
 * How many of n new values exceed the range of N old ones is as if one of the old ones had (Gumbel
 * and von Schelling 1950: both sides together are the negative binomial of two).
 */
const exceedancesBefore = 1;

export function prepareFeature(
  baseline: FeatureBaseline,
  { bins = houseBins, declared, tellsUnseen }: PrepareOptions = {},
): PreparedFeature {
  const { dtype } = baseline;
  const constraints = mergeConstraints(baseline.constraints, declared);
  const common = { baseline, bins, constraints };
  if (baseline.type === "number") {
    const grid: Grid = makeGrid(baseline.edges10, baseline.edges64, {
      range: baseline.moments ?? {},
      limits: limitsOf(constraints, dtype),
      isIntegral: constraints.integral === true,
    });
    const counts = Float64Array.from(baseline.counts10);
    const fine = {
      counts: Float64Array.from(baseline.counts64),
      sums: Float64Array.from(baseline.sums64),
    };
    const empty = (memory?: Cells) => new NumberHistogram(grid, memory);
    const frequencies = baseline.counts64.flatMap((count) =>
      count > 0 ? [{ count, values: 1 }] : [],
    );
    const before = { outsideBefore: exceedancesBefore, unseenBefore: 0, frequencies };
    return { ...common, counts, fine, ...before, cells: numberCells(grid), empty };
  }
  const places = new CategoryBins(baseline.categories, {
    ...{ domain: domainOf(constraints, dtype), tellsUnseen },
  });
  const counts = Float64Array.from([...baseline.categories.map(({ count }) => count), 0]);
  const empty = (memory?: Cells) => new CategoryHistogram(places, memory);
  // The share of values never seen is about that of those seen once (Good 1953).
  const singletons = baseline.categories.filter(({ count }) => count === 1).length;
  const { categories } = baseline;
  const rest = { name: categoryOther, frequencies: baseline.rest };
  const frequencies = categoryFrequencies(categories, rest);
  const before = { outsideBefore: 0, unseenBefore: singletons, frequencies };
  const cells = categoryCells(places);
  return { ...common, counts, fine: undefined, ...before, cells, empty };
}

/** Sets live counts against those of the baseline they were counted by. */
export function compare(feature: PreparedFeature, live: FeatureHistogram): Comparison {
  const { baseline, bins } = feature;
  return {
    type: baseline.type,
    bins,
    coarse: contingencyOf(feature.counts, live.coarse()),
    fine: fineOf(feature, live),
  };
}

/** Undefined, too, where there is nothing on one of the sides. */
function fineOf({ baseline, fine }: PreparedFeature, live: FeatureHistogram): FineBins | undefined {
  if (baseline.type !== "number" || live.type !== "number" || fine === undefined) return undefined;
  const current = live.fine();
  if (total(fine.counts) === 0 || total(current.counts) === 0) return undefined;
  const { moments } = baseline;
  // That of a constant is not always 0: its mean is rounded.
  const isConstant = moments === undefined || moments.min === moments.max;
  return { baseline: fine, current, sd: isConstant ? undefined : moments.sd };
}
