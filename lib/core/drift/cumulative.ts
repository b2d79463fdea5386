/**
 * Distances between two cumulative distributions, F of the baseline and G of the window, from fine
 * bins. Cutting a sample into 64 bins of about equal size costs them less than a thousandth.
 */
import type { FineBins, SummedBins } from "./comparison.ts";
import { total } from "./contingency.ts";
import { type Measurement, type StatisticDefinition, samplingSpread } from "./statistic.ts";

/** Critical value of Kolmogorov's distribution at one in a thousand. */
const kolmogorovCritical = 1.949;

/** What one in a thousand windows exceeds, by simulation (docs/adr/0035). */
const shiftDeviations = 4;

/** The distance of Kolmogorov and Smirnov, max |F − G|, at the edges of the bins. */
export const kolmogorovSmirnov: StatisticDefinition = {
  key: "ks",
  bins: "fine",
  threshold: 0.125,
  measure: ({ fine }) => (fine === undefined ? undefined : measureKolmogorov(fine)),
};

/**
 * The distance of Wasserstein, ∫ |F − G|, in the units of the feature: how far values have moved on
 * average. Each bin stands for its values by their mean. It has neither threshold nor floor, which
 * would depend on the units.
 */
export const wasserstein: StatisticDefinition = {
  key: "w1",
  bins: "fine",
  threshold: undefined,
  measure: ({ fine }) => finite({ value: fine && wassersteinOf(fine), floor: undefined }),
};

/** The same in standard deviations of the baseline, of which a constant has none. */
export const wassersteinBySd: StatisticDefinition = {
  key: "w1sd",
  bins: "fine",
  threshold: 0.1,
  measure: ({ fine }) => {
    if (fine?.sd === undefined) return undefined;
    const floor = shiftDeviations * Math.sqrt(spreadOf(fine));
    return finite({ value: wassersteinOf(fine) / fine.sd, floor });
  },
};

function measureKolmogorov(fine: FineBins): Measurement {
  const [rowsBaseline, rowsCurrent] = [total(fine.baseline.counts), total(fine.current.counts)];
  let [baseline, current, value] = [0, 0, 0];
  for (let bin = 0; bin < fine.baseline.counts.length; bin += 1) {
    baseline += fine.baseline.counts[bin] as number;
    current += fine.current.counts[bin] as number;
    value = Math.max(value, Math.abs(baseline / rowsBaseline - current / rowsCurrent));
  }
  return { value, floor: kolmogorovCritical * Math.sqrt(spreadOf(fine)) };
}

/**
 * Walks over the points of both sides in ascending order. Counts are added up before they are
 * divided, so that two sides that are the same but for their size are exactly 0 apart.
 */
function wassersteinOf(fine: FineBins): number {
  const [rowsBaseline, rowsCurrent] = [total(fine.baseline.counts), total(fine.current.counts)];
  const points = [...pointsOf(fine.baseline, true), ...pointsOf(fine.current, false)];
  points.sort((one, other) => one.at - other.at);
  let [baseline, current, distance] = [0, 0, 0];
  for (const [index, { at, count, isBaseline }] of points.entries()) {
    if (isBaseline) baseline += count;
    else current += count;
    const next = points[index + 1];
    if (next === undefined || next.at === at) continue;
    distance += Math.abs(baseline / rowsBaseline - current / rowsCurrent) * (next.at - at);
  }
  return distance;
}

type Point = { readonly at: number; readonly count: number; readonly isBaseline: boolean };

function pointsOf({ counts, sums }: SummedBins, isBaseline: boolean): Point[] {
  const points: Point[] = [];
  for (let bin = 0; bin < counts.length; bin += 1) {
    const count = counts[bin] as number;
    if (count > 0) points.push({ at: (sums[bin] as number) / count, count, isBaseline });
  }
  return points;
}

function spreadOf({ baseline, current }: FineBins): number {
  return samplingSpread({
    rowsBaseline: total(baseline.counts),
    rowsCurrent: total(current.counts),
  });
}

/** Sums of values near the largest double overflow, and then there is nothing to tell. */
function finite({
  value,
  floor,
}: {
  readonly value: number | undefined;
  readonly floor: number | undefined;
}): Measurement | undefined {
  return value !== undefined && Number.isFinite(value) ? { value, floor } : undefined;
}
