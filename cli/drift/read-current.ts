import { emptyBitmap, setBit } from "#core/bitmap.ts";
import type { CategoryHistogram } from "#core/drift/category-histogram.ts";
import type { FeatureHistogram, PreparedFeature } from "#core/drift/comparison.ts";
import type { NumberHistogram } from "#core/drift/number-histogram.ts";
import { Failure } from "#core/failure.ts";
import type { Table } from "../bulk/table.ts";
import type { Row } from "../bulk/value.ts";
import type { CategoryColumn, FileColumn } from "./column.ts";
import { numberIn, type UnknownShares } from "./reduced-value.ts";
import { categoryOf } from "./value.ts";

export type CurrentColumn = { readonly column: FileColumn; readonly feature: PreparedFeature };

export type CurrentOptions = {
  readonly path: string;
  readonly columns: readonly CurrentColumn[];
  /** To the vocabulary of the baseline. */
  readonly shares?: UnknownShares;
  readonly onProgress: () => void;
};

/**
 * Counts columns of a file in the bins of their features, as the monitor counts what is live.
 * Memory does not depend on the rows.
 */
export async function readCurrent(
  table: Table,
  { path, columns, shares = new Map(), onProgress }: CurrentOptions,
): Promise<FeatureHistogram[]> {
  const counted = columns.map(({ column, feature }) => ({ column, live: feature.empty() }));
  let rows = 0;
  for await (const batch of table.rows(0)) {
    for (const { column, live } of counted) {
      if (live.type === "category" && column.type === "category") addTexts(live, column, batch);
      else if (live.type === "number" && column.type === "number") {
        const numbers = batch.map((row) => numberIn(column, row, shares));
        addNumbers(live, numbers);
      }
    }
    rows += batch.length;
    onProgress();
  }
  if (rows === 0) throw new Failure("invalid-argument", `${path} has no rows`);
  return counted.map(({ live }) => live);
}

function addTexts(live: CategoryHistogram, column: CategoryColumn, batch: readonly Row[]): void {
  const texts = batch.map((row) => categoryOf(column, row[column.title]));
  const rows = Uint32Array.from(texts.keys());
  live.add({ dictionary: texts.map((text) => text ?? ""), codes: rows }, nullsOf(texts), rows);
}

function addNumbers(live: NumberHistogram, numbers: readonly (number | null | undefined)[]): void {
  const isNumber = (row: number) => numbers[row] !== undefined;
  const rows = Uint32Array.from(numbers.keys()).filter(isNumber);
  live.add(Float64Array.from(numbers, Number), nullsOf(numbers), rows);
  live.addTypeErrors(numbers.length - rows.length);
}

function nullsOf(values: readonly unknown[]): Uint8Array {
  if (!values.includes(null)) return new Uint8Array(0);
  const nulls = emptyBitmap(values.length);
  for (const [row, value] of values.entries()) if (value === null) setBit(nulls, row);
  return nulls;
}
