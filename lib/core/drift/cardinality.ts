// Whether a window has as many different values as so many rows of the baseline would have: an
// identifier in place of a category, a field that lost all but its default, a number that is
// rounded to a few steps.
import { chiSquareTail } from "./chi-square.ts";
import type { Comparison, FeatureHistogram, PreparedFeature } from "./comparison.ts";
import { sketchError } from "./distinct-sketch.ts";
import { expectedDistinct, type Frequency } from "./expected-distinct.ts";
import type { Finding } from "./findings.ts";

export type Cardinality = {
  /** Different values; of a number, bins that have any. */
  readonly distinct: number;
  readonly expected: number;
  /** Standard deviation of the difference. */
  readonly sd: number;
};

const alpha = 0.001;
/** Fewer or smaller differences do not matter, however sure. */
const ratioMin = { more: 1.5, fewer: 2 };
const moreMin = 3;

/** Undefined where nobody knows what to expect. */
export function cardinalityOf(
  feature: PreparedFeature,
  live: FeatureHistogram,
  { coarse, fine }: Comparison,
): Cardinality | undefined {
  const { frequencies } = feature;
  if (frequencies === undefined || coarse.rowsCurrent === 0) return undefined;
  if (live.type === "number") {
    if (fine === undefined) return undefined;
    const { mean, variance } = expectedDistinct(frequencies, coarse.rowsCurrent);
    const distinct = fine.current.counts.reduce((sum, count) => sum + Number(count > 0), 0);
    return { distinct, expected: mean, sd: Math.sqrt(variance) };
  }
  const counted = live.distinct();
  if (counted === undefined) return undefined;
  const { named, unnamed } = counted;
  const { mean, variance } = expectedDistinct(frequencies, coarse.rowsCurrent);
  const sd = Math.sqrt(variance + (unnamed * sketchError) ** 2);
  return { distinct: named + unnamed, expected: mean, sd };
}

/** A difference that matters and that chance would hardly bring about. */
export function findCardinality(
  of: Cardinality | undefined,
  { type, coarse }: Comparison,
): Finding | undefined {
  if (of === undefined) return undefined;
  const { distinct, expected, sd } = of;
  const isMore = distinct > expected * ratioMin.more && distinct - expected >= moreMin;
  const isFewer = distinct * ratioMin.fewer < expected;
  // A number fills more bins where it comes from elsewhere, which is drift and said by that.
  if (!isFewer && (!isMore || type === "number")) return undefined;
  const pValue = chiSquareTail(1, ((distinct - expected) / sd) ** 2);
  if (pValue >= alpha) return undefined;
  const { rowsCurrent } = coarse;
  const rows = Math.round(distinct);
  return {
    check: "cardinality",
    rows,
    share: Math.min(1, rows / rowsCurrent),
    shareBaseline: Math.min(1, expected / rowsCurrent),
    pValue,
  };
}

/** How often the values of a baseline occur; undefined where it does not say so of all. */
export function categoryFrequencies(
  categories: readonly { readonly value: string; readonly count: number }[],
  rest: { readonly name: string; readonly frequencies: readonly Frequency[] | undefined },
): readonly Frequency[] | undefined {
  const { name, frequencies = [] } = rest;
  const other = categories.find(({ value }) => value === name)?.count ?? 0;
  const told = frequencies.reduce((sum, { count, values }) => sum + count * values, 0);
  if (Math.abs(told - other) > 1e-6 * other) return undefined;
  const named = categories.filter(({ value, count }) => value !== name && count > 0);
  return [...named.map(({ count }) => ({ count, values: 1 })), ...frequencies];
}
