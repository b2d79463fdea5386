/** Numbers that stand for what a file holds, made as a worker makes them of live values. */
import { summarise } from "#core/prediction/summary.ts";
import { textLength } from "#core/text/reduce-texts.ts";
import { type Row, textOf, type Value } from "../bulk/value.ts";
import type { NumberColumn, Reduced } from "./column.ts";
import { numberOf } from "./value.ts";

/** The share of unknown tokens of a text, by the column it stands in; NaN where it has no token. */
export type UnknownShares = ReadonlyMap<string, (text: string) => number>;

/** The number of a row, null where it is missing, undefined where there is something else. */
export function numberIn(
  { title, dtype, reduced }: NumberColumn,
  row: Row,
  shares: UnknownShares,
): number | null | undefined {
  if (reduced === undefined) return numberOf(dtype, row[title]);
  if (reduced.kind === "wide") return wideNumber(reduced, row);
  const text = textIn(row[title]);
  const share = shares.get(title);
  if (text === null || (reduced.reducer === "unknown" && share === undefined)) return null;
  const number = reduced.reducer === "length" ? textLength(text) : (share?.(text) ?? Number.NaN);
  return Number.isNaN(number) ? null : number;
}

/** An empty text is missing. */
export function textIn(value: Value | undefined): string | null {
  return value === null || value === undefined || value === "" ? null : textOf(value);
}

type Wide = Extract<Reduced, { kind: "wide" }>;

function wideNumber({ reducer, titles, dtype }: Wide, row: Row): number | null | undefined {
  const [only] = titles;
  const list = titles.length === 1 && only !== undefined ? row[only] : undefined;
  const parts = Array.isArray(list) ? list.flat(Infinity) : titles.map((title) => row[title]);
  const numbers = parts.map((part) => numberOf(dtype, part as Value | undefined));
  if (numbers.includes(undefined)) return undefined;
  if (numbers.includes(null)) return null;
  const data = Float64Array.from(numbers, Number);
  const shape = [1, data.length];
  return summarise({ name: "", dtype: "FP64", shape, data }, [0], data.length)[reducer][0];
}
