import { roundToDtype } from "#core/drift/round.ts";
import type { Dtype } from "#core/tensor/dtype.ts";
import { Time, textOf, type Value } from "../bulk/value.ts";
import { toNumber } from "../cells.ts";

/**
 * A value of a file as a number of the data type, null where it is missing, undefined where it is
 * none. Texts may spell numbers, truth values count 0 and 1, times by their unit.
 */
export function numberOf(
  dtype: Exclude<Dtype, "BYTES">,
  value: Value | undefined,
): number | null | undefined {
  if (value === null || value === undefined) return null;
  const number = plainNumber(value);
  return typeof number === "number" ? roundToDtype(dtype, number) : number;
}

function plainNumber(value: Exclude<Value, null>): number | null | undefined {
  switch (typeof value) {
    case "number":
      return value;
    case "bigint":
    case "boolean":
      return Number(value);
    case "string": {
      const text = value.trim();
      if (text === "") return null;
      if (/^(true|false)$/i.test(text)) return Number(text.toLowerCase() === "true");
      return toNumber(text);
    }
    default:
      return value instanceof Time ? Number(value.raw) : undefined;
  }
}

/**
 * A value of a file as the text a baseline knows it by, null where it is missing. Numbers are
 * spelt as those of the data type are: a category that the model takes as a number is known by it.
 */
export function categoryOf(
  { dtype, isNamed = false }: { readonly dtype: Dtype; readonly isNamed?: boolean },
  value: Value | undefined,
): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (dtype === "BYTES" || isNamed) return textOf(value);
  const number = numberOf(dtype, value);
  if (number === null) return null;
  return number === undefined ? textOf(value) : String(number);
}
