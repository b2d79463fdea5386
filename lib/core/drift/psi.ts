import { type BinPair, occupied, total } from "./comparison.ts";
import {
  chiSquareFloor,
  type Measurement,
  type StatisticDefinition,
  samplingSpread,
} from "./statistic.ts";

/**
 * The population stability index Σ (p − q)·ln(p/q) over the bins that are not empty on both sides,
 * each of which gets half a count more, so that an empty one is improbable rather than impossible.
 * Without drift it is about a chi-square with one degree less than there are bins, times 1/N + 1/M
 * (Yurdakul 2018).
 */
export const psi: StatisticDefinition = {
  key: "psi",
  id: (type) => (type === "number" ? "psi.q10.half" : "psi.cat.half"),
  threshold: 0.1,
  measure: ({ coarse }) => measurePsi(coarse),
};

export function measurePsi(pair: BinPair): Measurement {
  const { baseline, current } = occupied(pair);
  const bins = baseline.length;
  if (bins <= 1) return { value: 0, floor: 0 };
  const rowsBaseline = total(baseline);
  const rowsCurrent = total(current);
  let value = 0;
  for (let bin = 0; bin < bins; bin += 1) {
    const p = ((baseline[bin] as number) + 0.5) / (rowsBaseline + bins / 2);
    const q = ((current[bin] as number) + 0.5) / (rowsCurrent + bins / 2);
    value += (p - q) * Math.log(p / q);
  }
  return { value, floor: chiSquareFloor(bins) * samplingSpread(rowsBaseline, rowsCurrent) };
}
