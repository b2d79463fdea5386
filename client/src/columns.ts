/**
 * Features from the forms an application has them in to the columns of the wire, and predictions
 * back. A column is of one kind: texts, 64-bit integers where a bigint is among its values, numbers
 * otherwise.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "./error.ts";
import type { Column, ColumnSchema } from "./gen/sluice/predict/v1/predict_pb.ts";

/** null and undefined are missing: the model's default stands in, or the row is refused. */
export type FeatureValue = number | bigint | string | boolean | null | undefined;

/** One row, by feature name. */
export type FeatureRecord = Readonly<Record<string, FeatureValue>>;

/** Rows by column; all columns have the same length. */
export type FeatureColumns = Readonly<Record<string, FeatureColumn>>;

export type FeatureColumn =
  | readonly FeatureValue[]
  | Float64Array
  | Float32Array
  | Int32Array
  | BigInt64Array;

/** null where a row has no prediction. */
export type PredictedValue = number | bigint | string | null;

type WireColumn = MessageInitShape<typeof ColumnSchema>;

/** The columns of records, in the order in which their names first appear. */
export function columnsOfRecords(records: readonly FeatureRecord[]): FeatureColumns {
  const columns = new Map<string, FeatureValue[]>();
  for (const [row, record] of records.entries()) {
    for (const name of Object.keys(record)) {
      let column = columns.get(name);
      if (column === undefined) {
        column = new Array<FeatureValue>(records.length).fill(null);
        columns.set(name, column);
      }
      column[row] = record[name];
    }
  }
  return Object.fromEntries(columns);
}

/**
 * As they are sent. A column without any value is left out: its feature takes its default; where
 * none has any, the first stays and says how many rows there are. Throws an `invalid-argument`
 * SluiceError.
 */
export function toWireColumns(columns: FeatureColumns): { columns: WireColumn[]; rows: number } {
  const entries = Object.entries(columns);
  const rows = entries[0]?.[1].length ?? 0;
  for (const [name, column] of entries) {
    if (column.length === rows) continue;
    const problem = `feature "${name}" has ${column.length} values, "${entries[0]?.[0]}" ${rows}`;
    throw new SluiceError("invalid-argument", problem);
  }
  if (rows === 0) throw new SluiceError("invalid-argument", "there are no rows to predict");
  const filled = entries.filter(([, column]) => !isBlank(column));
  const sent = filled.length === 0 ? entries.slice(0, 1) : filled;
  return { columns: sent.map(([name, column]) => toWireColumn(name, column)), rows };
}

function isBlank(column: FeatureColumn): boolean {
  return Array.isArray(column) && column.every((value) => value === null || value === undefined);
}

function toWireColumn(name: string, column: FeatureColumn): WireColumn {
  if (column instanceof BigInt64Array) {
    return { name, values: { case: "integers", value: { values: Array.from(column) } } };
  }
  if (!Array.isArray(column)) {
    return { name, values: { case: "numbers", value: { values: Array.from(column as never) } } };
  }
  const nulls = nullsOf(column);
  switch (kindOf(name, column)) {
    case "texts": {
      const values = column.map((value: FeatureValue) => value ?? "") as string[];
      return { name, nulls, values: { case: "texts", value: { values } } };
    }
    case "integers": {
      const values = column.map((value: FeatureValue) => toInteger(name, value ?? 0));
      return { name, nulls, values: { case: "integers", value: { values } } };
    }
    case "numbers": {
      const values = column.map((value: FeatureValue) => Number(value ?? 0));
      return { name, nulls, values: { case: "numbers", value: { values } } };
    }
  }
}

function kindOf(name: string, column: readonly FeatureValue[]): "texts" | "integers" | "numbers" {
  let kind: "texts" | "integers" | "numbers" | undefined;
  for (const [row, value] of column.entries()) {
    if (value === null || value === undefined) continue;
    const type = typeof value;
    const own = type === "string" ? "texts" : type === "bigint" ? "integers" : "numbers";
    if (type === "object" || type === "function" || type === "symbol") {
      const problem = `feature "${name}", row ${row}: ${type} is no value`;
      throw new SluiceError("invalid-argument", problem);
    }
    if (kind !== undefined && (own === "texts") !== (kind === "texts")) {
      const problem = `feature "${name}" has both texts and numbers, first in row ${row}`;
      throw new SluiceError("invalid-argument", problem);
    }
    if (kind === undefined || own === "integers") kind = own;
  }
  return kind ?? "numbers";
}

/** Beside bigints, whole numbers are integers too. */
function toInteger(name: string, value: NonNullable<FeatureValue>): bigint {
  if (typeof value === "bigint" || typeof value === "boolean" || Number.isInteger(value)) {
    return BigInt(value);
  }
  const problem = `feature "${name}" has 64-bit integers and ${value}, which is none`;
  throw new SluiceError("invalid-argument", problem);
}

/** One bit for each row, lowest bit first; empty where no value is missing. */
function nullsOf(column: readonly FeatureValue[]): Uint8Array<ArrayBuffer> {
  let bits: Uint8Array<ArrayBuffer> | undefined;
  for (let row = 0; row < column.length; row++) {
    if (column[row] !== null && column[row] !== undefined) continue;
    bits ??= new Uint8Array(Math.ceil(column.length / 8));
    bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return bits ?? new Uint8Array();
}

/** The values of a predicted column; null where its bit is set. */
export function valuesOf(column: Column): PredictedValue[] {
  const values: readonly PredictedValue[] = column.values.value?.values ?? [];
  const { nulls } = column;
  if (nulls.length === 0) return [...values];
  return values.map((value, row) => (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1 ? null : value));
}
