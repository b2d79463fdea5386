import { Failure } from "#core/failure.ts";
import { quote } from "#core/quote.ts";

/** What a written row has, in its order. */
export type OutputColumns = {
  readonly kept: readonly string[];
  /** Prediction by the name PredictService gives it, and the column it is written to. */
  readonly predicted: readonly (readonly [name: string, column: string])[];
  readonly error: string;
};

/**
 * The columns of the input that are kept, then the predictions, then why a row has none. A name
 * that the input has already gets `predicted.` before it.
 */
export function toOutputColumns(
  kept: readonly string[],
  predictions: readonly string[],
): OutputColumns {
  const taken = new Set(kept);
  const free = (name: string): string => {
    let column = name;
    while (taken.has(column)) column = `predicted.${column}`;
    taken.add(column);
    return column;
  };
  return {
    kept,
    predicted: predictions.map((name) => [name, free(name)] as const),
    error: free("error"),
  };
}

export function namesOf({ kept, predicted, error }: OutputColumns): string[] {
  return [...kept, ...predicted.map(([, column]) => column), error];
}

/** Throws where a row of JSON lines has a column that the first rows had not. */
export function refuseNewColumns(
  known: ReadonlySet<string>,
  row: Readonly<Record<string, unknown>>,
): void {
  for (const name of Object.keys(row)) {
    if (known.has(name)) continue;
    const problem = `column ${quote(name)} comes up after the titles were written`;
    throw new Failure("invalid-argument", `${problem}: write JSON lines or Parquet`);
  }
}
