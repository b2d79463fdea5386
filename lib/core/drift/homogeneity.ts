import { chiSquareTail } from "./chi-square.ts";
import type { Contingency } from "./contingency.ts";
import { chiSquareFloor, type StatisticDefinition } from "./statistic.ts";

/**
 * Pearson's chi-square of homogeneity, Σ (observed − expected)²/expected over both sides and all
 * bins of the table, without Yates's correction (Pearson 1900). Both sides are samples: against a
 * baseline that is taken for exact, as in a test of goodness of fit, half of all windows of the
 * baseline's size would seem to differ at 5 %. It has no threshold of effect: it exceeds its
 * critical value for any difference, however small, once there are rows enough.
 */
export const chiSquare: StatisticDefinition = {
  key: "chi2",
  bins: "coarse",
  threshold: undefined,
  measure: ({ coarse }) => ({
    value: chiSquareOf(coarse),
    floor: chiSquareFloor(coarse.baseline.length),
  }),
};

/** The chance of a chi-square at least as large where nothing has changed. */
export function pValueOf(table: Contingency): number {
  const degrees = table.baseline.length - 1;
  return degrees < 1 ? 1 : chiSquareTail(degrees, chiSquareOf(table));
}

/** The sum over both sides of a bin, put together: (M·b − N·c)²/(N·M·(b + c)). */
function chiSquareOf({ baseline, current, rowsBaseline, rowsCurrent }: Contingency): number {
  let sum = 0;
  for (let bin = 0; bin < baseline.length; bin += 1) {
    const b = baseline[bin] as number;
    const c = current[bin] as number;
    const gap = rowsCurrent * b - rowsBaseline * c;
    sum += (gap / rowsBaseline) * (gap / rowsCurrent / (b + c));
  }
  return sum;
}
