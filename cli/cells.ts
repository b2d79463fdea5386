/**
 * Values of features, from how people write them to the columns of a PredictRequest. The model's
 * description decides what a text means: `3` is a number for a feature of numbers and stays text
 * for one of texts.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { emptyBitmap, setBit } from "#core/bitmap.ts";
import { closest } from "#core/closest.ts";
import { quote, quoteAll } from "#core/quote.ts";
import type { Feature } from "#gen/sluice/control/v1/model_pb.ts";
import { type Column, ColumnSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { UsageError } from "./exit-code.ts";

/** A missing value is null: the feature's default stands in, or the server refuses. */
export type Cell = number | bigint | string | null;

/** Cells in the order of the features. */
export type Row = readonly Cell[];

/**
 * A cell as it stands on a command line or in a CSV file; empty is missing. Throws a UsageError.
 */
export function parseCell(feature: Feature, text: string): Cell {
  if (feature.datatype === "BYTES") return text;
  const trimmed = text.trim();
  if (trimmed === "") return null;
  if (feature.datatype === "BOOL" && /^(true|false)$/i.test(trimmed)) {
    return trimmed.toLowerCase() === "true" ? 1 : 0;
  }
  const value = toNumber(trimmed);
  if (value === undefined) throw wrongCell(feature, "a number", text);
  if (!isWide(feature) || Number.isSafeInteger(value)) return value;
  if (!/^[-+]?[0-9]+$/.test(trimmed)) throw wrongCell(feature, "a whole number", text);
  return toWhole(feature, BigInt(trimmed.replace(/^\+/, "")));
}

/** A cell from JSON. Throws a UsageError for what is no value of the feature. */
export function cellOfJson(feature: Feature, value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return parseCell(feature, value);
  if (typeof value !== "number" && typeof value !== "boolean") {
    throw new UsageError(`feature ${quote(feature.name)} takes one value, got a list or object`);
  }
  if (feature.datatype === "BYTES") return String(value);
  return isWide(feature) ? toWhole(feature, Number(value)) : Number(value);
}

/** True for a feature of integers that a double may not hold. */
export function isWide({ datatype }: Feature): boolean {
  return datatype === "INT64" || datatype === "UINT64";
}

/** A cell of a wide feature. Throws a UsageError for what an integer on the wire does not hold. */
export function toWhole(feature: Feature, value: number | bigint): number | bigint {
  if (Number.isSafeInteger(Number(value))) return Number(value);
  if (typeof value === "number" && !Number.isInteger(value)) {
    throw wrongCell(feature, "a whole number", String(value));
  }
  const whole = BigInt(value);
  if (whole === BigInt.asIntN(64, whole)) return whole;
  throw wrongCell(feature, "a whole number of at most 64 bits with its sign", String(whole));
}

/**
 * Throws a UsageError that names the features where one of `names` is none of them or stands twice.
 */
export function checkFeatureNames(features: readonly Feature[], names: readonly string[]): void {
  const known = features.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const meant = closest(unknown, known);
    const hint = meant === undefined ? "" : ` Did you mean ${quote(meant)}?`;
    const all = `The model takes ${quoteAll(known)}`;
    throw new UsageError(`unknown feature ${quote(unknown)}.${hint} ${all}`);
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`feature ${quote(twice)} is given twice`);
}

/**
 * One column for each feature of which any row has a value; where none has, that of the first
 * feature, all missing, which still says how many rows there are.
 */
export function toColumns(features: readonly Feature[], rows: readonly Row[]): Column[] {
  const isBlank = rows.every((row) => row.every((cell) => cell === null));
  return features.flatMap((feature, index) => {
    const cells = rows.map((row) => row[index] ?? null);
    const isLeftOut = cells.every((cell) => cell === null);
    if (isLeftOut && !(isBlank && index === 0)) return [];
    return [create(ColumnSchema, { name: feature.name, ...valuesOf(feature, cells) })];
  });
}

function valuesOf(feature: Feature, cells: readonly Cell[]): MessageInitShape<typeof ColumnSchema> {
  const nulls = nullsOf(cells);
  if (feature.datatype === "BYTES") {
    const values = cells.map((cell) => String(cell ?? ""));
    return { values: { case: "texts", value: { values } }, nulls };
  }
  if (cells.some((cell) => typeof cell === "bigint")) {
    const values = cells.map((cell) => BigInt(cell ?? 0));
    return { values: { case: "integers", value: { values } }, nulls };
  }
  const values = cells.map((cell) => Number(cell ?? 0));
  return { values: { case: "numbers", value: { values } }, nulls };
}

function nullsOf(cells: readonly Cell[]): Uint8Array {
  if (!cells.includes(null)) return new Uint8Array();
  const nulls = emptyBitmap(cells.length);
  for (const [row, cell] of cells.entries()) if (cell === null) setBit(nulls, row);
  return nulls;
}

/** Also `NaN` and infinities, in any case; undefined for what is no number. */
export function toNumber(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[-+]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  const value = Number(text);
  return Number.isNaN(value) ? undefined : value;
}

function wrongCell(feature: Feature, expected: string, got: string): UsageError {
  return new UsageError(`feature ${quote(feature.name)} takes ${expected}, got ${quote(got)}`);
}
