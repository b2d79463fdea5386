import { assert } from "../assert.ts";
import { allocate, type Dtype, type NumericData, type TensorData } from "./dtype.ts";

/** A dense tensor in row-major order: `data.length` equals the product of `shape`. */
export type Tensor = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
};

/** How many elements a shape holds; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const dim of shape) count *= dim;
  return count;
}

/** Elements of one row: the product of every dimension but the first. */
export function rowElements(shape: readonly number[]): number {
  let count = 1;
  for (let axis = 1; axis < shape.length; axis += 1) count *= shape[axis] as number;
  return count;
}

/** `shape` as people read it, with -1 for any length: `[-1,64]`. */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(",")}]`;
}

/**
 * Joins tensors of one name, type and row shape along axis 0, in the order given.
 * One tensor is returned as it is.
 */
export function stackRows(tensors: readonly Tensor[]): Tensor {
  const first = tensors[0];
  assert(first !== undefined, "stackRows needs at least one tensor");
  if (tensors.length === 1) return first;
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] as number), 0);
  const shape = [rows, ...first.shape.slice(1)];
  const data = allocate(first.dtype, elementCount(shape));
  let offset = 0;
  for (const tensor of tensors) {
    copyInto(data, tensor.data, offset);
    offset += tensor.data.length;
  }
  return { name: first.name, dtype: first.dtype, shape, data };
}

/** Rows `from` up to but not including `to` along axis 0, sharing the data of numbers. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const width = rowElements(tensor.shape);
  const shape = [to - from, ...tensor.shape.slice(1)];
  const { data } = tensor;
  const part = Array.isArray(data)
    ? data.slice(from * width, to * width)
    : (data.subarray(from * width, to * width) as NumericData);
  return { name: tensor.name, dtype: tensor.dtype, shape, data: part };
}

function copyInto(target: TensorData, source: TensorData, offset: number): void {
  if (Array.isArray(target)) {
    for (let index = 0; index < source.length; index += 1) {
      target[offset + index] = source[index] as string;
    }
    return;
  }
  (target as Uint8Array).set(source as Uint8Array, offset);
}
