import { assert } from "../assert.ts";
import { sliceRows, stackRows, type Tensor } from "../tensor/tensor.ts";

/** Rows `from` up to but not including `to`. */
export type RowRange = { readonly from: number; readonly to: number };

/**
 * The fewest ranges of at most `rowsMax` rows that make up `rows`, in order; one range for no rows.
 */
export function splitRows(rows: number, rowsMax: number): RowRange[] {
  assert(rowsMax >= 1, "a part has at least one row");
  const count = Math.max(1, Math.ceil(rows / rowsMax));
  return Array.from({ length: count }, (_, index) => ({
    from: index * rowsMax,
    to: Math.min(rows, (index + 1) * rowsMax),
  }));
}

/** The same rows of every tensor, sharing the data of numbers. */
export function sliceAll(tensors: readonly Tensor[], { from, to }: RowRange): Tensor[] {
  return tensors.map((tensor) => sliceRows(tensor, from, to));
}

/**
 * Puts the tensors of consecutive parts together, tensor by tensor. Parts have the same tensors.
 */
export function joinParts(parts: readonly (readonly Tensor[])[]): Tensor[] {
  const [first] = parts;
  assert(first !== undefined, "there is at least one part");
  return first.map((_, index) => stackRows(parts.map((part) => part[index] as Tensor)));
}
