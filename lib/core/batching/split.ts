import { assert } from "../assert.ts";
import { Failure } from "../failure.ts";
import { quote } from "../quote.ts";
import { formatShape, sliceRows, stackRows, type Tensor } from "../tensor/tensor.ts";

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
 * Puts the outputs of consecutive parts together, tensor by tensor. Parts have the same tensors.
 * Throws an internal Failure where their rows are not of one shape, as the model chose it.
 */
export function joinParts(parts: readonly (readonly Tensor[])[]): Tensor[] {
  const [first] = parts;
  assert(first !== undefined, "there is at least one part");
  return first.map(({ name, shape }, index) => {
    const tensors = parts.map((part) => part[index] as Tensor);
    const expected = rowShape(shape);
    const other = tensors.map((tensor) => rowShape(tensor.shape)).find((row) => row !== expected);
    if (other === undefined) return stackRows(tensors);
    const problem = `rows of ${expected} and rows of ${other} from its parts`;
    throw new Failure("internal", `output ${quote(name)}: ${problem}`);
  });
}

function rowShape(shape: readonly number[]): string {
  return formatShape(shape.slice(1));
}
