import { assert } from "../assert.ts";
import { allocate, type TensorData } from "./dtype.ts";
import { elementCount, rowElements, type Tensor } from "./tensor.ts";

/** A tensor like another, but of so many rows of zeros or empty texts. */
export function blankTensor({ name, dtype, shape }: Tensor, rows: number): Tensor {
  const blank = [rows, ...shape.slice(1)];
  return { name, dtype, shape: blank, data: allocate(dtype, elementCount(blank)) };
}

/** Makes one row zeros or empty texts. */
export function blankRow({ shape, data }: Tensor, row: number): void {
  const width = rowElements(shape);
  assert(row < (shape[0] ?? 0), "the tensor has the row");
  const blank = Array.isArray(data) ? "" : typeof data[0] === "bigint" ? 0n : 0;
  (data as Uint8Array).fill(blank as number, row * width, (row + 1) * width);
}

/** Overwrites one row by another of the same tensor. */
export function copyRow({ shape, data }: Tensor, from: number, to: number): void {
  const width = rowElements(shape);
  copyWithin(data, { to: to * width, from: from * width, end: (from + 1) * width });
}

function copyWithin(data: TensorData, at: { to: number; from: number; end: number }): void {
  (data as Uint8Array).copyWithin(at.to, at.from, at.end);
}
