import type { DriftStatistic } from "../model/settings.ts";
import type { FeatureType } from "../model/spec.ts";
import { chiSquareCritical } from "./chi-square.ts";
import type { Comparison } from "./comparison.ts";

/** How far apart two distributions are, by one formula. */
export type StatisticDefinition = {
  /** By which model.yaml sets another threshold. */
  readonly key: DriftStatistic;
  /** Names the formula and its bins, such as `psi.q10.half`. Undefined where it does not apply. */
  readonly id: (type: FeatureType) => string | undefined;
  /** The effect that matters, whatever the number of rows. */
  readonly threshold: number;
  readonly measure: (comparison: Comparison) => Measurement;
};

export type Measurement = {
  readonly value: number;
  /** What chance alone exceeds once in a thousand windows of this size. */
  readonly floor: number;
};

const alpha = 0.001;

/** 1/N + 1/M: the variance of a difference between two samples, in units of one draw's. */
export function samplingSpread(rowsBaseline: number, rowsCurrent: number): number {
  return 1 / rowsBaseline + 1 / rowsCurrent;
}

/** The critical value of a chi-square with one degree less than there are bins. */
export function chiSquareFloor(bins: number): number {
  return chiSquareCritical(bins - 1, alpha);
}
