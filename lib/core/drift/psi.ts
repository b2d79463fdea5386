import type { Contingency } from "./contingency.ts";
import {
  chiSquareFloor,
  type Measurement,
  type StatisticDefinition,
  samplingSpread,
} from "./statistic.ts";

/**
 * The population stability index Σ (p − q)·ln(p/q), with half a count more in every bin, so that an
 * empty one is improbable rather than impossible. Without drift it is about a chi-square with one
 * degree less than there are bins, times 1/N + 1/M (Yurdakul 2018).
 */
export const psi: StatisticDefinition = {
  key: "psi",
  variant: "half",
  bins: "coarse",
  threshold: 0.1,
  measure: ({ coarse }) => measurePsi(coarse),
};

function measurePsi(table: Contingency): Measurement {
  const { baseline, current, rowsBaseline, rowsCurrent } = table;
  const bins = baseline.length;
  if (bins <= 1) return { value: 0, floor: 0 };
  let value = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const p = ((baseline[bin] as number) + 0.5) / (rowsBaseline + bins / 2);
    const q = ((current[bin] as number) + 0.5) / (rowsCurrent + bins / 2);
    value += (p - q) * Math.log(p / q);
  }
  return { value, floor: chiSquareFloor(bins) * samplingSpread(table) };
}
