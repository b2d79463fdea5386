import type { Column, PredictResponse } from "#gen/sluice/predict/v1/predict_pb.ts";

/**
 * One predicted value by the name PredictService gives it, such as `label` or `probabilities.rent`.
 */
export type PredictedValue = { readonly name: string; readonly value: number | bigint | string };

/** The predictions of one row, in the order of the reply. */
export function rowOf(response: PredictResponse, row: number): PredictedValue[] {
  return response.predictions.map((column) => ({ name: column.name, value: valueAt(column, row) }));
}

function valueAt({ values }: Column, row: number): number | bigint | string {
  if (values.case === "texts") return values.value.values[row] ?? "";
  return values.value?.values[row] ?? Number.NaN;
}

/** A predicted value that is not the recorded one. */
export type Difference = {
  readonly name: string;
  readonly predicted: string;
  readonly recorded: string;
};

const tolerance = 1e-5;

/**
 * Compares a row with what examples.csv has recorded. Numbers are equal within 1e-5 of the larger
 * of 1 and the recorded one, everything else by its text. A recorded name that is not predicted is
 * a difference.
 */
export function compareRow(
  predicted: readonly PredictedValue[],
  recorded: ReadonlyMap<string, string>,
): Difference[] {
  const byName = new Map(predicted.map(({ name, value }) => [name, value]));
  return [...recorded].flatMap(([name, text]) => {
    const value = byName.get(name);
    if (value !== undefined && isEqual(value, text)) return [];
    return [{ name, predicted: value === undefined ? "nothing" : String(value), recorded: text }];
  });
}

function isEqual(value: number | bigint | string, text: string): boolean {
  if (typeof value !== "number") return String(value) === text;
  const recorded = text === "" ? Number.NaN : Number(text);
  if (Number.isNaN(recorded)) return Number.isNaN(value) && /^nan$|^$/i.test(text);
  if (!Number.isFinite(recorded)) return value === recorded;
  return Math.abs(value - recorded) <= tolerance * Math.max(1, Math.abs(recorded));
}
