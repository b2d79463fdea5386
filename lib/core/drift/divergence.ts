/**
 * Distances between the shares of two sides, p and q, as they are: nothing is added to empty bins.
 * Of the two that are roots of something the square is told: the root of the 1e-16 that rounding
 * leaves of two equal sides would be 1e-8.
 */
import type { Contingency } from "./contingency.ts";
import {
  chiSquareFloor,
  type Measurement,
  type StatisticDefinition,
  samplingSpread,
} from "./statistic.ts";

/**
 * The squared Jensen–Shannon distance, which is the divergence: Σ ½·(p·log₂(p/m) + q·log₂(q/m))
 * with m = (p + q)/2 (Lin 1991). From 0 to 1. Its leading term is that of chi-square, so that
 * without drift it is about χ²·(1/N + 1/M)/(8·ln 2).
 */
export const jensenShannon: StatisticDefinition = {
  key: "js2",
  bins: "coarse",
  threshold: 0.02,
  measure: ({ coarse }) => measured(coarse, shannonTerm, 8 * Math.LN2),
};

/**
 * The squared Hellinger distance ½·Σ (√p − √q)² (Hellinger 1909). From 0 to 1; without drift about
 * χ²·(1/N + 1/M)/8.
 */
export const hellinger: StatisticDefinition = {
  key: "hellinger2",
  bins: "coarse",
  threshold: 0.0125,
  measure: ({ coarse }) => measured(coarse, hellingerTerm, 8),
};

/** What the maximum of a share's error exceeds once in a thousand, in standard deviations. */
const linfDeviations = 3.9;

/**
 * The largest difference of a share, max |p − q|. From 0 to 1. The floor is that of a share of one
 * half, whose variance of ¼ no other one has.
 */
export const largestDifference: StatisticDefinition = {
  key: "linf",
  bins: "coarse",
  threshold: 0.1,
  measure: ({ coarse }) => measureLargest(coarse),
};

function measured(
  table: Contingency,
  term: (p: number, q: number) => number,
  divisor: number,
): Measurement {
  const bins = table.baseline.length;
  if (bins <= 1) return { value: 0, floor: 0 };
  const { baseline, current, rowsBaseline, rowsCurrent } = table;
  let value = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    value += term((baseline[bin] as number) / rowsBaseline, (current[bin] as number) / rowsCurrent);
  }
  return { value, floor: (chiSquareFloor(bins) * samplingSpread(table)) / divisor };
}

function shannonTerm(p: number, q: number): number {
  const middle = (p + q) / 2;
  return (entropyTerm(p, middle) + entropyTerm(q, middle)) / 2;
}

/** The limit of x·log x at 0 is 0. */
function entropyTerm(share: number, middle: number): number {
  return share === 0 ? 0 : share * Math.log2(share / middle);
}

function hellingerTerm(p: number, q: number): number {
  const gap = Math.sqrt(p) - Math.sqrt(q);
  return (gap * gap) / 2;
}

function measureLargest(table: Contingency): Measurement {
  if (table.baseline.length <= 1) return { value: 0, floor: 0 };
  const { baseline, current, rowsBaseline, rowsCurrent } = table;
  let value = 0;
  for (let bin = 0; bin < baseline.length; bin += 1) {
    const p = (baseline[bin] as number) / rowsBaseline;
    const q = (current[bin] as number) / rowsCurrent;
    value = Math.max(value, Math.abs(p - q));
  }
  return { value, floor: linfDeviations * Math.sqrt(samplingSpread(table) / 4) };
}
