import type { DriftStatistic, FeatureSettings } from "../model/settings.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { roundToDtype } from "./round.ts";

/**
 * What the values of a feature have to be, whatever its baseline says. Shares are the least ones of
 * a window's values that comply; every value has to where there is none.
 */
export type Constraints = {
  /** Numbers from here on, and up to there; both are allowed themselves. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Share of values that are neither below `min` nor above `max`. */
  readonly limits?: number | undefined;
  /** The only categories. */
  readonly categories?: readonly string[] | undefined;
  /** Share of values that are one of the categories. */
  readonly domain?: number | undefined;
  /** Numbers have no fraction. */
  readonly integral?: boolean | undefined;
  /** Share of values that are of the feature's type, and without a fraction where that is said. */
  readonly type?: number | undefined;
  /** There is a value in every row. */
  readonly required?: boolean | undefined;
  /** Share of rows with a value; NaN is none. */
  readonly completeness?: number | undefined;
  /** Thresholds of statistics, where the model sets none. */
  readonly thresholds?: Readonly<Partial<Record<DriftStatistic, number>>> | undefined;
};

/** Constraints by feature. */
export type Schema = ReadonlyMap<string, Constraints>;

export const noSchema: Schema = new Map();

/** The constraints that a model.yaml declares. */
export function schemaOf(features: readonly FeatureSettings[] | undefined): Schema {
  return new Map((features ?? []).map((feature) => [feature.name, declaredBy(feature)]));
}

function declaredBy(feature: FeatureSettings): Constraints {
  const { min, max, categories, required, constraints } = feature;
  return {
    ...{ min, max, ...constraints },
    ...(categories.length === 0 ? {} : { categories }),
    // A default stands in for what is missing: it may be.
    ...(required && feature.default === undefined ? { required } : {}),
  };
}

/** Those of a baseline, and over them those that are declared. */
export function mergeConstraints(own: Constraints = {}, declared: Constraints = {}): Constraints {
  const said = Object.entries(declared).filter(([, value]) => value !== undefined);
  return { ...own, ...Object.fromEntries(said) };
}

/** Limits as live values have them, which are rounded to the data type; nothing where none is. */
export function limitsOf(
  { min, max }: Constraints,
  dtype: Dtype,
): { readonly min: number | undefined; readonly max: number | undefined } {
  const round = (limit: number | undefined) => {
    if (limit === undefined || (dtype !== "FP32" && dtype !== "FP16")) return limit;
    const rounded = roundToDtype(dtype, limit);
    return Number.isFinite(rounded) ? rounded : undefined;
  };
  return { min: round(min), max: round(max) };
}

/** The categories as live values spell them; undefined where any will do. */
export function domainOf({ categories }: Constraints, dtype: Dtype): Set<string> | undefined {
  if (categories === undefined) return undefined;
  const spelt: Readonly<Record<string, string>> = dtype === "BOOL" ? { true: "1", false: "0" } : {};
  return new Set(categories.map((each) => spelt[each] ?? each));
}

/**
 * Names the cells that values are counted in because of a schema; empty where it brings none.
 * Shares are applied to what has been counted, and change no cell.
 */
export function cellsOfSchema(schema: Schema): string {
  const cut = [...schema].flatMap(([name, { min, max, categories, integral }]) => {
    const isCut = [min, max, categories, integral].some((each) => each !== undefined);
    return isCut ? [[name, min ?? null, max ?? null, categories ?? null, integral ?? null]] : [];
  });
  return cut.length === 0 ? "" : JSON.stringify(cut);
}
