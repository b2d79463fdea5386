import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { SchemaElement } from "hyparquet";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { readSpooled } from "./spool.ts";
import { jsonOf, type Row, Time, textOf, type Value } from "./value.ts";

/** What a row group is made of in memory. */
const groupCellsMax = 1_000_000;
const groupRowsMax = 100_000;

/** A whole number is of any type of numbers; an integer is a bigint. */
type Kind = "boolean" | "whole" | "number" | "integer" | "text" | "time" | "nested";

export type ParquetOptions = {
  readonly spool: string;
  readonly parquet: string;
  /** Columns of a Parquet input, which are declared as they were. */
  readonly declared: ReadonlyMap<string, SchemaElement>;
  /** The columns to begin with. */
  readonly names: readonly string[];
};

/**
 * Writes spooled rows as a Parquet file, compressed with Snappy. Reads them twice: for the types,
 * and for the values. `onRow` is called for each row each time; what it throws ends this.
 */
export async function writeParquet(
  { spool, parquet, declared, names }: ParquetOptions,
  onRow: () => void = () => {},
): Promise<void> {
  const elements = await elementsOf(spooledRows(spool, onRow), declared, names);
  const root = { name: "root", num_children: elements.length };
  const writer = new ParquetWriter({
    writer: fileWriter(parquet),
    schema: [root, ...elements],
  });
  const groupRows = Math.max(1, Math.min(groupRowsMax, groupCellsMax / elements.length));
  let rows: Row[] = [];
  const flush = async () => {
    const columnData = elements.map((element) => ({
      name: element.name,
      data: rows.map((row) => toParquet(element, row[element.name] ?? null)),
    }));
    await writer.write({ columnData, rowGroupSize: rows.length });
    rows = [];
  };
  for await (const row of spooledRows(spool, onRow)) {
    rows.push(row);
    if (rows.length >= groupRows) await flush();
  }
  if (rows.length > 0) await flush();
  await writer.finish();
}

async function* spooledRows(path: string, onRow: () => void): AsyncGenerator<Row> {
  for await (const line of createInterface({ input: createReadStream(path) })) {
    onRow();
    yield readSpooled(line);
  }
}

/** In the order of `names`, with those that come up later behind them. */
async function elementsOf(
  rows: AsyncIterable<Row>,
  declared: ReadonlyMap<string, SchemaElement>,
  names: readonly string[],
): Promise<SchemaElement[]> {
  const kinds = new Map<string, Set<Kind>>(names.map((name) => [name, new Set()]));
  for await (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (value === null) continue;
      let seen = kinds.get(name);
      if (seen === undefined) {
        seen = new Set();
        kinds.set(name, seen);
      }
      seen.add(kindOf(value));
    }
  }
  return [...kinds].map(([name, seen]) => {
    const element = declared.get(name);
    return element === undefined
      ? elementOf(name, seen)
      : { ...element, repetition_type: "OPTIONAL" as const };
  });
}

function kindOf(value: NonNullable<Value>): Kind {
  if (typeof value === "bigint") return fitsInt64(value) ? "integer" : "text";
  if (typeof value === "string") return "text";
  if (typeof value === "object") return value instanceof Time ? "time" : "nested";
  if (typeof value === "boolean") return "boolean";
  return Number.isSafeInteger(value) ? "whole" : "number";
}

function fitsInt64(value: bigint): boolean {
  return value === BigInt.asIntN(64, value);
}

const numberKinds: ReadonlySet<Kind> = new Set(["whole", "number", "integer"]);

/** Integers beside fractions become doubles; what has no type in common becomes text. */
function elementOf(name: string, kinds: ReadonlySet<Kind>): SchemaElement {
  const repetition_type = "OPTIONAL" as const;
  const [kind, ...others] = kinds;
  if (kind !== undefined && [...kinds].every((each) => numberKinds.has(each))) {
    const isExact = kinds.has("integer") && !kinds.has("number");
    return { name, repetition_type, type: isExact ? "INT64" : "DOUBLE" };
  }
  if (kind === "boolean" && others.length === 0) return { name, repetition_type, type: "BOOLEAN" };
  const converted_type = kind === "nested" && others.length === 0 ? "JSON" : "UTF8";
  return { name, repetition_type, type: "BYTE_ARRAY", converted_type };
}

function toParquet({ type, converted_type }: SchemaElement, value: Value): unknown {
  if (value === null) return null;
  if (value instanceof Time) {
    if (type === "INT32") return Number(value.raw);
    return type === "INT64" ? value.raw : String(value);
  }
  if (converted_type === "JSON") return JSON.parse(jsonOf(value), keepDigits);
  switch (type) {
    case "DOUBLE":
    case "FLOAT":
    case "INT32":
      return Number(value);
    case "INT64":
      return BigInt(value as bigint | number);
    case "BOOLEAN":
      return value;
    default:
      return textOf(value);
  }
}

/** The writer makes a double of every bigint, and leaves a raw number as it is. */
function keepDigits(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return rawJSON(context?.source ?? String(value));
}

/** Which the compiler's library does not declare. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
