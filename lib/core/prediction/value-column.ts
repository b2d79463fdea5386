import type { ColumnType, ModelSpec, OutputSpec } from "../model/spec.ts";
import type { Dtype, TensorData } from "../tensor/dtype.ts";
import { fromHalf } from "../tensor/half.ts";
import { elementCount, rowElements, type Tensor } from "../tensor/tensor.ts";

export type ColumnKind = "feature" | "output";

/** A tensor as far as its shape matters. */
export type Shaped = Pick<Tensor, "shape">;

/** What a column of values is, wherever they are. */
export type ColumnHead = {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly type: ColumnType;
  /** The model's own data type, also where values are shown by the names of their classes. */
  readonly dtype: Dtype;
  /** Row r stands at `offset + r · stride`. */
  readonly offset: number;
  readonly stride: number;
  /** Names of the classes that the values number; empty where they stand for themselves. */
  readonly labels: readonly string[];
};

/** The column itself: a view into the tensor it is of. */
export type ValueColumn = ColumnHead & { readonly data: TensorData };

/** A matrix wider than this is summarised rather than shown column by column. */
export const columnsMax = 256;

/** The value as a number; that of a text is NaN. */
export function numberAt(column: ValueColumn, row: number): number {
  const value = column.data[column.offset + row * column.stride];
  return column.dtype === "FP16" && typeof value === "number" && column.data instanceof Uint16Array
    ? fromHalf(value)
    : Number(value);
}

/** The value as text: the name of its class where it numbers one. */
export function textAt(column: ValueColumn, row: number): string {
  const value = column.data[column.offset + row * column.stride];
  if (typeof value === "string") return value;
  const number = numberAt(column, row);
  return column.labels[number] ?? String(typeof value === "bigint" ? value : number);
}

/** Every value of an output by name, whatever its width; nothing is summarised. */
export function wideColumns(prediction: OutputSpec, tensor: Tensor, rows: number): ValueColumn[] {
  const { data } = tensor;
  return wideHeads(prediction, tensor, rows).map((head) => ({ ...head, data }));
}

/** What these columns are. */
export function wideHeads(
  prediction: OutputSpec,
  tensor: Pick<Tensor, "dtype" | "shape">,
  rows: number,
): ColumnHead[] {
  const width = rowWidth(tensor, rows) ?? 0;
  const isLabel = prediction.role === "label";
  const single = width === 1 && !(prediction.role === "probabilities" && rowRank(tensor, rows) > 0);
  return Array.from({ length: width }, (_, offset) => ({
    name: single ? prediction.name : `${prediction.name}.${prediction.labels[offset] ?? offset}`,
    kind: "output",
    type: isLabel || tensor.dtype === "BYTES" ? "category" : "number",
    dtype: tensor.dtype,
    offset,
    stride: width,
    labels: isLabel ? prediction.labels : [],
  }));
}

/**
 * Rows of a request: the first dimension all its inputs share, or 1 where they do not share one. A
 * fixed one that the outputs do not share is no number of rows: that of an image is of its colours.
 */
export function countRows(
  model: Pick<ModelSpec, "inputs" | "outputs">,
  inputs: readonly Tensor[],
): number {
  const first = inputs[0]?.shape[0];
  if (first === undefined || inputs.some(({ shape }) => shape[0] !== first)) return 1;
  const isOpen = model.inputs.every(({ shape }) => shape[0] === -1);
  const isShared = model.outputs.every(({ shape }) => shape[0] === -1 || shape[0] === first);
  return isOpen || isShared ? first : 1;
}

/** Values a row has in a tensor, or undefined where the tensor is not made of these rows. */
export function rowWidth({ shape }: Shaped, rows: number): number | undefined {
  if (rows === 1) return elementCount(shape);
  return shape[0] === rows ? rowElements(shape) : undefined;
}

/** Dimensions a row has in a tensor. */
export function rowRank({ shape }: Shaped, rows: number): number {
  return shape[0] === rows ? shape.length - 1 : shape.length;
}
