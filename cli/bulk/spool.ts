/**
 * Rows on their way to a Parquet file. Its types and its index are known only when all rows are,
 * and a run may be interrupted before: so rows are kept as JSON lines first, in which every value
 * finds its type again.
 */

import { parseExact } from "./exact-json.ts";
import { jsonOf, type Row, Time, type TimeUnit, type Value } from "./value.ts";
import type { TextFormat } from "./write-text.ts";

export const spoolText: TextFormat = {
  head: () => "",
  rows: (_, rows) => rows.map((row) => `${spoolRow(row)}\n`).join(""),
};

function spoolRow(row: Row): string {
  const entries = Object.entries(row).map(
    ([name, value]) => `${JSON.stringify(name)}:${pack(value)}`,
  );
  return `{${entries.join(",")}}`.replace(lineEnds, escapeLineEnd);
}

/** What readers of lines end one at, and JSON lets stand in a text. */
const lineEnds = /[\u2028\u2029]/g;

function escapeLineEnd(character: string): string {
  return character === "\u2028" ? "\\u2028" : "\\u2029";
}

function pack(value: Value): string {
  if (typeof value === "bigint") return `{"i":"${value}"}`;
  if (Object.is(value, -0)) return `{"f":"-0"}`;
  // Large ones are written like integers, and are none; infinities are not written at all.
  if (typeof value === "number" && !(Math.abs(value) < 1e15)) return `{"f":"${value}"}`;
  if (value instanceof Time) return `{"t":["${value.raw}","${value.unit}"]}`;
  if (typeof value === "object" && value !== null) return `{"j":${jsonOf(value)}}`;
  return JSON.stringify(value);
}

/** A row from its line. */
export function readSpooled(line: string): Row {
  const packed = parseExact(line) as Record<string, unknown>;
  return Object.fromEntries(Object.entries(packed).map(([name, value]) => [name, unpack(value)]));
}

type Packed = {
  readonly i?: string;
  readonly f?: string;
  readonly t?: readonly [string, TimeUnit];
  readonly j?: Value;
};

function unpack(value: unknown): Value {
  if (typeof value !== "object" || value === null) return value as Value;
  const { i, f, t, j = null } = value as Packed;
  if (i !== undefined) return BigInt(i);
  if (f !== undefined) return Number(f);
  return t === undefined ? j : new Time(BigInt(t[0]), t[1]);
}
