import type { DriftStatistic } from "../model/settings.ts";
import type { FeatureType } from "../model/spec.ts";
import {
  type Comparison,
  compare,
  type FeatureHistogram,
  occupied,
  type PreparedFeature,
  total,
} from "./comparison.ts";
import { psi } from "./psi.ts";
import type { Quality } from "./quality.ts";
import type { StatisticDefinition } from "./statistic.ts";

export type Verdict = "ok" | "warn" | "alarm" | "insufficient";

export type StatisticReport = {
  readonly id: string;
  readonly value: number;
  readonly threshold: number;
  readonly floor: number;
  readonly verdict: Verdict;
};

/** How one feature of a window compares with the baseline. */
export type FeatureReport = {
  readonly name: string;
  readonly type: FeatureType;
  /** Values in bins, on either side. */
  readonly rowsBaseline: number;
  readonly rowsCurrent: number;
  readonly verdict: Verdict;
  readonly quality: Quality;
  /** Empty where there are no values to compare. */
  readonly statistics: readonly StatisticReport[];
  /** Undefined for categories, and where there are no values. */
  readonly meanBaseline: number | undefined;
  readonly meanCurrent: number | undefined;
};

export type Thresholds = Readonly<Partial<Record<DriftStatistic, number>>>;

/** The first one decides between ok and alarm; the others can only warn. */
const statistics: readonly StatisticDefinition[] = [psi];

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
  const rowsBaseline = total(comparison.coarse.baseline);
  const rowsCurrent = total(comparison.coarse.current);
  const reports = rowsBaseline === 0 || rowsCurrent === 0 ? [] : measureAll(comparison, thresholds);
  const isEnough =
    Math.min(rowsBaseline, rowsCurrent) >= rowsNeeded(occupied(comparison.coarse).baseline.length);
  return {
    name: baseline.name,
    type: baseline.type,
    rowsBaseline,
    rowsCurrent,
    verdict: isEnough ? verdictOf(reports) : "insufficient",
    quality: live.quality,
    statistics: isEnough ? reports : reports.map((each) => ({ ...each, verdict: "insufficient" })),
    meanBaseline: baseline.type === "number" ? baseline.moments?.mean : undefined,
    meanCurrent: live.type === "number" ? live.mean : undefined,
  };
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
    const id = statistic.id(comparison.type);
    if (id === undefined) return [];
    const { value, floor } = statistic.measure(comparison);
    const threshold = thresholds[statistic.key] ?? statistic.threshold;
    const exceeds = value > Math.max(threshold, floor);
    const verdict: Verdict = exceeds ? "alarm" : "ok";
    return [{ id, value, threshold, floor, verdict }];
  });
}

function verdictOf([first, ...others]: readonly StatisticReport[]): Verdict {
  if (first?.verdict === "alarm") return "alarm";
  return others.some(({ verdict }) => verdict === "alarm") ? "warn" : "ok";
}
