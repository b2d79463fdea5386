import type { DriftStatistic } from "../model/settings.ts";
import type { ColumnType } from "../model/spec.ts";
import { type Cardinality, cardinalityOf } from "./cardinality.ts";
import type { CategoryHistogram } from "./category-histogram.ts";
import {
  type Comparison,
  compare,
  type FeatureHistogram,
  type PreparedFeature,
} from "./comparison.ts";
import { kolmogorovSmirnov, wasserstein, wassersteinBySd } from "./cumulative.ts";
import { hellinger, jensenShannon, largestDifference } from "./divergence.ts";
import { type Finding, findProblems } from "./findings.ts";
import { chiSquare, pValueOf } from "./homogeneity.ts";
import { psi } from "./psi.ts";
import type { Quality } from "./quality.ts";
import { idOf, type StatisticDefinition } from "./statistic.ts";
import type { ValueCount } from "./top-values.ts";

export type Verdict = "ok" | "warn" | "alarm" | "insufficient";

export type StatisticReport = {
  readonly id: string;
  readonly value: number;
  /** Undefined where the statistic has none and the model sets none. */
  readonly threshold: number | undefined;
  /** What chance alone exceeds once in a thousand windows of this size; undefined if unknown. */
  readonly floor: number | undefined;
  readonly verdict: Verdict;
};

/** How one feature of a window compares with the baseline. */
export type FeatureReport = {
  readonly name: string;
  readonly type: ColumnType;
  /** Values in bins, on either side. */
  readonly rowsBaseline: number;
  readonly rowsCurrent: number;
  readonly verdict: Verdict;
  readonly quality: Quality;
  /** What is wrong with the values; no verdict depends on it. */
  readonly findings: readonly Finding[];
  /** Empty where there are no values to compare. */
  readonly statistics: readonly StatisticReport[];
  /**
   * How likely a chi-square as large is without drift: as it is, and adjusted for the features and
   * outputs of the window, of which those at or below q are discoveries with a share of at most q
   * false ones. For information; no verdict depends on it. Undefined where rows are too few.
   */
  readonly pValue: number | undefined;
  readonly pAdjusted: number | undefined;
  /** Undefined for categories, and where there are no values. */
  readonly meanBaseline: number | undefined;
  readonly meanCurrent: number | undefined;
  /** Different values, and as many as so many of the baseline's would be; of categories alone. */
  readonly distinct?: number;
  readonly distinctExpected?: number | undefined;
  /** The most frequent categories that the baseline does not have, where they are told. */
  readonly unseenValues?: readonly ValueCount[];
  /** Compared with the hour that the window tells of, not with the baseline. */
  readonly isOfPeriod?: boolean;
};

export type Thresholds = Readonly<Partial<Record<DriftStatistic, number>>>;

/** The first one decides between ok and alarm; the others can only warn. */
const statistics: readonly StatisticDefinition[] = [
  psi,
  jensenShannon,
  hellinger,
  largestDifference,
  chiSquare,
  kolmogorovSmirnov,
  wasserstein,
  wassersteinBySd,
];

const rowsMin = 100;
const rowsPerBin = 10;

/** Compares live values with the baseline they were counted by. */
export function judgeFeature(
  feature: PreparedFeature,
  live: FeatureHistogram,
  thresholds: Thresholds,
): FeatureReport {
  const comparison = compare(feature, live);
  const { baseline } = feature;
  const { rowsBaseline, rowsCurrent } = comparison.coarse;
  const limits = { ...feature.constraints.thresholds, ...thresholds };
  const reports = rowsBaseline === 0 || rowsCurrent === 0 ? [] : measureAll(comparison, limits);
  const isEnough =
    Math.min(rowsBaseline, rowsCurrent) >= rowsNeeded(comparison.coarse.baseline.length);
  const cardinality = cardinalityOf(feature, live, comparison);
  const pValue = isEnough ? pValueOf(comparison.coarse) : undefined;
  return {
    name: baseline.name,
    type: baseline.type,
    rowsBaseline,
    rowsCurrent,
    verdict: isEnough ? verdictOf(reports) : "insufficient",
    quality: live.quality,
    findings: findProblems(feature, live, comparison, cardinality),
    statistics: isEnough ? reports : reports.map((each) => ({ ...each, verdict: "insufficient" })),
    pValue,
    pAdjusted: pValue,
    meanBaseline: baseline.type === "number" ? baseline.moments?.mean : undefined,
    meanCurrent: live.type === "number" ? live.mean : undefined,
    ...(live.type === "category" ? countsOf(live, cardinality) : {}),
  };
}

function countsOf(
  live: CategoryHistogram,
  cardinality: Cardinality | undefined,
): Pick<FeatureReport, "distinct" | "distinctExpected" | "unseenValues"> {
  const counted = live.distinct();
  const { strangers } = live;
  return {
    ...(counted === undefined ? {} : { distinct: Math.round(counted.named + counted.unnamed) }),
    ...(cardinality === undefined ? {} : { distinctExpected: cardinality.expected }),
    ...(strangers.length === 0 ? {} : { unseenValues: strangers }),
  };
}

/** What a statistic has to exceed: the effect that matters, and what chance may bring about. */
export function limitOf(of: Pick<StatisticReport, "threshold" | "floor">): number {
  const { threshold, floor } = of;
  if (threshold === undefined && floor === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(threshold ?? 0, floor ?? 0);
}

/** The worst of several verdicts; insufficient only where no other is. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  const order: readonly Verdict[] = ["alarm", "warn", "ok"];
  return order.find((verdict) => verdicts.includes(verdict)) ?? "insufficient";
}

function rowsNeeded(bins: number): number {
  return Math.max(rowsMin, rowsPerBin * bins);
}

function measureAll(comparison: Comparison, thresholds: Thresholds): StatisticReport[] {
  return statistics.flatMap((statistic) => {
    const id = idOf(statistic, comparison);
    const measurement = id === undefined ? undefined : statistic.measure(comparison);
    if (id === undefined || measurement === undefined) return [];
    const { value, floor } = measurement;
    const threshold = thresholds[statistic.key] ?? statistic.threshold ?? floor;
    const verdict: Verdict = value > limitOf({ threshold, floor }) ? "alarm" : "ok";
    return [{ id, value, threshold, floor, verdict }];
  });
}

function verdictOf([first, ...others]: readonly StatisticReport[]): Verdict {
  if (first?.verdict === "alarm") return "alarm";
  return others.some(({ verdict }) => verdict === "alarm") ? "warn" : "ok";
}
