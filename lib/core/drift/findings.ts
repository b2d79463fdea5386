// What is wrong with the values of a feature, beside how they are distributed. Every check but
// those of what is declared compares a share of the window with that of the baseline, and speaks
// only where the difference matters and chance would bring it about less than once in a thousand
// windows.
import { binomialTail } from "./binomial.ts";
import { findBreaches } from "./breaches.ts";
import { type Cardinality, findCardinality } from "./cardinality.ts";
import type { Comparison, FeatureHistogram, PreparedFeature } from "./comparison.ts";
import { total } from "./contingency.ts";

export type QualityCheck =
  | "missing"
  | "nan"
  | "infinite"
  /** Values of another kind than the baseline's, or with a fraction where none may be. */
  | "type"
  /** Numbers below the baseline's least or above its greatest. */
  | "range"
  /** Categories that the baseline does not have. */
  | "unseen"
  /** All values are in one bin, or all the same category. */
  | "constant"
  /** Categories of the baseline that do not occur any more; `rows` says how many. */
  | "vanished"
  /**
   * More different values than so many of the baseline's would be, or far fewer; `rows` says how
   * many. Of a number, bins that have any.
   */
  | "cardinality"
  /** Numbers beyond the limits that are declared. */
  | "limit"
  /** Categories that are not among those declared. */
  | "domain"
  /** No value where there has to be one. */
  | "absent";

export type Finding = {
  readonly check: QualityCheck;
  /** Values concerned, of the window. */
  readonly rows: number;
  readonly share: number;
  readonly shareBaseline: number;
  /** How likely chance alone is; 0 of what is compared with what is declared. */
  readonly pValue: number;
  /**
   * The share that has to comply, of what is declared. What the baseline's share is then, nobody
   * asks: it is 0.
   */
  readonly least?: number;
};

const alpha = 0.001;
/** Smaller differences do not matter, however sure. */
const shareMin = { missing: 0.01, range: 0.01, unseen: 0.01 };

/** `comparison` is of the same two, and so is `cardinality`. */
export function findProblems(
  feature: PreparedFeature,
  live: FeatureHistogram,
  comparison: Comparison,
  cardinality?: Cardinality,
): Finding[] {
  const { baseline } = feature;
  const { rowsBaseline, rowsCurrent } = comparison.coarse;
  const { nulls, nans, posInf, negInf, typeErrors, unseen } = live.quality;
  const infinite = posInf + negInf;
  const isNumber = baseline.type === "number";
  const odd = isNumber
    ? { nans: baseline.nans, infinite: baseline.posInf + baseline.negInf }
    : { nans: 0, infinite: 0 };
  const sides = {
    current: rowsCurrent + nulls + nans + infinite + typeErrors,
    baseline: rowsBaseline + baseline.nulls + odd.nans + odd.infinite,
  };
  const outside = live.type === "number" ? live.outside : 0;
  const breaches = findBreaches(feature.constraints, live, sides.current);
  const more = (check: QualityCheck, current: number, before: number, min = 0) =>
    exceeding({ check, current, before, min }, sides);
  const found = [
    more("missing", nulls, baseline.nulls, shareMin.missing),
    more("nan", nans, odd.nans),
    more("infinite", infinite, odd.infinite),
    more("type", typeErrors, 0),
    more("range", outside, feature.outsideBefore, shareMin.range),
    more("unseen", unseen, feature.unseenBefore, shareMin.unseen),
    ...fewOrMany(live, comparison, cardinality),
  ].flatMap((finding) => finding ?? []);
  // What is declared of types goes before what the baseline has.
  const { type, integral } = feature.constraints;
  const isDeclared = type !== undefined || integral === true;
  return [...breaches, ...found.filter(({ check }) => check !== "type" || !isDeclared)];
}

type Compared = {
  readonly check: QualityCheck;
  readonly current: number;
  readonly before: number;
  readonly min: number;
};

/**
 * Two counts of rare events are compared given their sum, which then falls to the window with a
 * chance of its share of all rows (Przyborowski and Wilenski 1940).
 */
function exceeding(
  { check, current, before, min }: Compared,
  rows: { readonly current: number; readonly baseline: number },
): Finding | undefined {
  if (current === 0) return undefined;
  const share = current / rows.current;
  const shareBaseline = rows.baseline === 0 ? 0 : before / rows.baseline;
  if (share - shareBaseline <= min) return undefined;
  const chance = rows.current / (rows.current + rows.baseline);
  const pValue = binomialTail(current, current + before, chance);
  return pValue < alpha ? { check, rows: current, share, shareBaseline, pValue } : undefined;
}

/**
 * That all values are the same says that they are too few. Those that share a bin because none of
 * them has a name need not be the same.
 */
function fewOrMany(
  live: FeatureHistogram,
  comparison: Comparison,
  of: Cardinality | undefined,
): (Finding | undefined)[] {
  const few = monotony(comparison);
  const count = findCardinality(of, comparison);
  if (few?.check !== "constant") return [few, count];
  const { named, unnamed } =
    (live.type === "category" ? live.distinct() : undefined) ?? noneCounted;
  return named + unnamed > 1.5 ? [count] : [few];
}

const noneCounted = { named: 0, unnamed: 0 };

/** That all values are in one bin, or else that categories are gone that ought to be there. */
function monotony({ type, coarse, fine }: Comparison): Finding | undefined {
  const before = fine?.baseline.counts ?? coarse.baseline;
  const now = fine?.current.counts ?? coarse.current;
  const { rowsCurrent: rows, rowsBaseline: all } = coarse;
  const only = now.indexOf(rows);
  if (rows === 0 || all === 0) return undefined;
  if (only >= 0) {
    const shareBaseline = (before[only] ?? 0) / all;
    const pValue = shareBaseline ** rows;
    return pValue < alpha
      ? { check: "constant", rows, share: 1, shareBaseline, pValue }
      : undefined;
  }
  return type === "category" ? vanished(before, now, rows) : undefined;
}

function vanished(before: Float64Array, now: Float64Array, rows: number): Finding | undefined {
  const all = total(before);
  let [gone, rowsBefore, worst] = [0, 0, 1];
  for (const [place, count] of before.entries()) {
    if (count === 0 || (now[place] ?? 0) > 0) continue;
    // One of as many as there are: Bonferroni.
    const pValue = Math.min(1, (1 - count / all) ** rows * before.length);
    if (pValue >= alpha) continue;
    gone += 1;
    rowsBefore += count;
    worst = Math.min(worst, pValue);
  }
  if (gone === 0) return undefined;
  return {
    check: "vanished",
    rows: gone,
    share: 0,
    shareBaseline: rowsBefore / all,
    pValue: worst,
  };
}
