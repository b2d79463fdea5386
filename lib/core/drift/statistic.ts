import type { DriftStatistic } from "../model/settings.ts";
import { chiSquareCritical } from "./chi-square.ts";
import type { Comparison } from "./comparison.ts";
import type { Contingency } from "./contingency.ts";

/** How far apart two distributions are, by one formula. */
export type StatisticDefinition = {
  /** By which model.yaml sets another threshold. */
  readonly key: DriftStatistic;
  /** Follows the bins in the id where the formula has variants: `half` in `psi.q10.half`. */
  readonly variant?: string;
  /** Which bins of a number it is computed from. Categories have coarse ones alone. */
  readonly bins: "coarse" | "fine";
  /**
   * The effect that matters, whatever the number of rows. Undefined where there is none: what is
   * beyond chance then decides or, without a floor either, nothing does.
   */
  readonly threshold: number | undefined;
  /** Undefined where the statistic has no finite value. There are values on both sides. */
  readonly measure: (comparison: Comparison) => Measurement | undefined;
};

export type Measurement = {
  readonly value: number;
  /** What chance alone exceeds once in a thousand windows of this size; undefined if unknown. */
  readonly floor: number | undefined;
};

const alpha = 0.001;

/**
 * Names the formula and its bins, such as `psi.q10.half` for the ten of a number and `psi.cat.half`
 * for categories. Undefined where the statistic does not apply.
 */
export function idOf(
  { key, variant, bins }: StatisticDefinition,
  comparison: Pick<Comparison, "type" | "bins">,
): string | undefined {
  const isNumber = comparison.type === "number";
  if (!isNumber && bins === "fine") return undefined;
  const place = isNumber ? `q${comparison.bins[bins]}` : "cat";
  return variant === undefined ? `${key}.${place}` : `${key}.${place}.${variant}`;
}

/** 1/N + 1/M: the variance of a difference between two samples, in units of one draw's. */
export function samplingSpread({
  rowsBaseline,
  rowsCurrent,
}: Pick<Contingency, "rowsBaseline" | "rowsCurrent">): number {
  return 1 / rowsBaseline + 1 / rowsCurrent;
}

/** By degrees of freedom, of which there are no more than bins in a baseline. */
const criticals = new Map<number, number>();

/** The critical value of a chi-square with one degree less than there are bins. */
export function chiSquareFloor(bins: number): number {
  const known = criticals.get(bins);
  if (known !== undefined) return known;
  const critical = chiSquareCritical(bins - 1, alpha);
  criticals.set(bins, critical);
  return critical;
}
