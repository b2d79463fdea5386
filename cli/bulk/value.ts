/**
 * Values as files hold them. Features take numbers and texts; everything else is passed through, so
 * each kind knows its own text.
 */
import { quote } from "#core/quote.ts";
import type { Feature } from "#gen/sluice/control/v1/model_pb.ts";
import { type Cell, cellOfJson, isWide, parseCell, toWhole } from "../cells.ts";
import { UsageError } from "../exit-code.ts";

export type Value = null | boolean | number | bigint | string | Time | Nested;

/** A list or an object, of JSON or of a nested Parquet column. */
export type Nested = { readonly [key: string]: unknown } | readonly unknown[];

/** One row, by column. */
export type Row = Readonly<Record<string, Value>>;

export type TimeUnit = "days" | "ms" | "us" | "ns";

const perSecond = { ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n } as const;

/** A point in time from a Parquet file, as precise as it stood there. */
export class Time {
  readonly raw: bigint;
  readonly unit: TimeUnit;

  constructor(raw: bigint, unit: TimeUnit) {
    this.raw = raw;
    this.unit = unit;
  }

  /** ISO 8601. */
  toString(): string {
    if (this.unit === "days") return isoOf(Number(this.raw) * 86_400).slice(0, -10);
    const parts = perSecond[this.unit];
    const fraction = ((this.raw % parts) + parts) % parts;
    const seconds = (this.raw - fraction) / parts;
    const digits = String(parts).length - 1;
    const decimals = String(fraction).padStart(digits, "0");
    return `${isoOf(Number(seconds)).slice(0, -1)}.${decimals}Z`;
  }

  toJSON(): string {
    return this.toString();
  }
}

/** `2026-11-25T18:00:00Z`; a time no calendar has is told by its number. */
function isoOf(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? `${seconds} s Z` : date.toISOString().replace(".000Z", "Z");
}

/**
 * A value as a cell of a feature; an empty text is missing. Throws a UsageError for what is no
 * value of the feature.
 */
export function toCell(feature: Feature, value: Value | undefined): Cell {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return parseCell(feature, value);
  if (typeof value === "bigint") return cellOfInteger(feature, value);
  if (value instanceof Time) {
    throw new UsageError(`feature ${quote(feature.name)} takes one value, got the time ${value}`);
  }
  return cellOfJson(feature, value);
}

function cellOfInteger(feature: Feature, value: bigint): Cell {
  if (feature.datatype === "BYTES") return String(value);
  return isWide(feature) ? toWhole(feature, value) : Number(value);
}

/** As it stands in a CSV file or on a terminal; missing is empty. */
export function textOf(value: Value | undefined): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "object" && !(value instanceof Time)) return jsonOf(value);
  return String(value);
}

/** As JSON; integers keep all their digits, NaN and infinities become texts. */
export function jsonOf(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return JSON.stringify(String(value));
  if (typeof value !== "object" || value === null || value instanceof Time) {
    return JSON.stringify(value ?? null);
  }
  if (Array.isArray(value)) return `[${value.map(jsonOf).join(",")}]`;
  const entries = Object.entries(value).map(
    ([key, own]) => `${JSON.stringify(key)}:${jsonOf(own)}`,
  );
  return `{${entries.join(",")}}`;
}
