import type { Bitmap } from "../bitmap.ts";

/** Values a caller gave for one feature, or gets for one prediction, one for each row. */
export type Column = {
  readonly name: string;
  readonly values: ColumnValues;
  /** Rows whose value is missing; empty where none is. */
  readonly nulls: Bitmap;
};

export type ColumnValues =
  | { readonly kind: "numbers"; readonly values: readonly number[] }
  | { readonly kind: "integers"; readonly values: readonly bigint[] }
  | { readonly kind: "texts"; readonly values: readonly string[] };
