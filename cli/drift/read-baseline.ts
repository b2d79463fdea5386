import {
  type BinNumbers,
  describeCounts,
  describeNumber,
  type FeatureBaseline,
  houseBins,
} from "#core/drift/baseline.ts";
import { Failure } from "#core/failure.ts";
import { quote } from "#core/quote.ts";
import type { Table } from "../bulk/table.ts";
import { type Row, textOf } from "../bulk/value.ts";
import type { FileColumn } from "./column.ts";
import { numberIn, type UnknownShares } from "./reduced-value.ts";
import { categoryOf } from "./value.ts";

export type BaselineOptions = {
  /** Named where a value cannot be used. */
  readonly path: string;
  readonly columns: readonly FileColumn[];
  readonly bins?: BinNumbers;
  /** Of the texts of this file, each to the others. */
  readonly shares?: UnknownShares;
  readonly onProgress: () => void;
  readonly onRow?: ((row: Row) => void) | undefined;
};

/**
 * Describes columns of a file, in their order, and says how many rows it has. Holds eight bytes for
 * each number and every distinct text. Throws a Failure where a column of numbers has something
 * else.
 */
export async function readBaseline(
  table: Table,
  { path, columns, bins = houseBins, shares = new Map(), onProgress, onRow }: BaselineOptions,
): Promise<{ readonly rows: number; readonly features: FeatureBaseline[] }> {
  const collectors = columns.map((column) => collectorOf(column, shares));
  let rows = 0;
  for await (const batch of table.rows(0)) {
    for (const [at, row] of batch.entries()) {
      onRow?.(row);
      for (const collector of collectors) {
        if (collector.add(row)) continue;
        const value = row[collector.column.title];
        const what = `column ${quote(collector.column.title)} takes numbers`;
        const place = `${path}: row ${rows + at + 1}`;
        throw new Failure(
          "invalid-argument",
          `${place}: ${what}, got ${quote(textOf(value ?? null))}`,
        );
      }
    }
    rows += batch.length;
    onProgress();
  }
  if (rows === 0) throw new Failure("invalid-argument", `${path} has no rows`);
  return { rows, features: collectors.map((collector) => collector.describe(bins)) };
}

type Collector = {
  readonly column: FileColumn;
  /** False where the value is of another kind. */
  readonly add: (row: Row) => boolean;
  readonly describe: (bins: BinNumbers) => FeatureBaseline;
};

function collectorOf(column: FileColumn, shares: UnknownShares): Collector {
  const { name } = column;
  if (column.type === "category") {
    const counts = new Map<string, number>();
    let nulls = 0;
    return {
      column,
      add: (row) => {
        const text = categoryOf(column, row[column.title]);
        if (text === null) nulls += 1;
        else counts.set(text, (counts.get(text) ?? 0) + 1);
        return true;
      },
      describe: () => describeCounts({ name, dtype: column.dtype, counts, nulls }),
    };
  }
  const { dtype } = column;
  const numbers = new Numbers();
  return {
    column,
    add: (row) => {
      const number = numberIn(column, row, shares);
      if (number !== undefined) numbers.add(number);
      return number !== undefined;
    },
    describe: (bins) => describeNumber({ name, dtype, values: numbers.values() }, bins),
  };
}

/** Doubles that grow in number, and a count of what is missing. */
class Numbers {
  #values = new Float64Array(1024);
  #count = 0;
  #nulls = 0;

  add(value: number | null): void {
    if (value === null) {
      this.#nulls += 1;
      return;
    }
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  *values(): Generator<number | null> {
    for (let index = 0; index < this.#count; index += 1) yield this.#values[index] as number;
    for (let index = 0; index < this.#nulls; index += 1) yield null;
  }
}
