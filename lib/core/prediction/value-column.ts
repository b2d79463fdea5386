// What the monitor watches and PredictService answers is made of the same columns: one for each
// feature, one or more for each declared output. A column is a view into the tensor it comes from;
// only summaries are computed.
import type { Bitmap } from "../bitmap.ts";
import { reducers as allReducers, type Reducer } from "../model/settings.ts";
import type { FeatureSpec, FeatureType, ModelSpec, OutputSpec } from "../model/spec.ts";
import type { Dtype, TensorData } from "../tensor/dtype.ts";
import { fromHalf } from "../tensor/half.ts";
import { elementCount, rowElements, type Tensor } from "../tensor/tensor.ts";
import { summarise } from "./summary.ts";

export type ColumnKind = "feature" | "output";

/** One value for each row: row r stands at `data[offset + r · stride]`. */
export type ValueColumn = {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly type: FeatureType;
  /** The model's own data type, also where values are shown by the names of their classes. */
  readonly dtype: Dtype;
  readonly data: TensorData;
  readonly offset: number;
  readonly stride: number;
  /** Names of the classes that the values number; empty where they stand for themselves. */
  readonly labels: readonly string[];
  /** Rows the caller gave no value for; undefined where there are none. */
  readonly nulls: Bitmap | undefined;
};

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

/** Which summaries to make, by input or output; all where none are named. */
export type ReducersByName = Readonly<Record<string, readonly Reducer[]>>;

export type FeatureSource = {
  readonly features: readonly FeatureSpec[];
  readonly inputs: readonly Tensor[];
  readonly rows: number;
  readonly nulls?: ReadonlyMap<string, Bitmap>;
  readonly reducers?: ReducersByName;
};

/**
 * A column for each feature, then the summaries (`<input>.mean`, `.sd`, `.norm`) of every input of
 * numbers that has none, be it that no feature speaks of it or that it is one row as a whole.
 * Inputs whose rows are not the request's have no columns.
 */
export function featureColumns(source: FeatureSource): ValueColumn[] {
  const { features, inputs, rows, nulls, reducers } = source;
  const tables = inputs.filter(({ shape }) => shape[0] === rows);
  const columns = features.flatMap((feature) => {
    const tensor = tables.find((input) => input.name === feature.input);
    if (tensor === undefined) return [];
    const width = rowElements(tensor.shape);
    if (feature.column >= width) return [];
    const { name, type, dtype, column } = feature;
    const view = { data: tensor.data, offset: column, stride: width };
    return [{ name, kind, type, dtype, ...view, labels: [], nulls: nulls?.get(name) }];
  });
  const named = new Set(features.map((feature) => feature.input));
  const rest = inputs.filter((input) => !tables.includes(input) || !named.has(input.name));
  return [
    ...columns,
    ...rest.flatMap((tensor) =>
      summaryColumns({ kind, name: tensor.name, tensor, rows, reducers }),
    ),
  ];
}

const kind: ColumnKind = "feature";

export type OutputSource = {
  readonly predictions: readonly OutputSpec[];
  readonly outputs: readonly Tensor[];
  readonly rows: number;
  readonly reducers?: ReducersByName;
};

/**
 * The columns of every declared output that is among `outputs`: its own name for one value a row,
 * `<name>.<label or number>` for several, summaries for embeddings and what is wider than
 * `columnsMax`.
 */
export function outputColumns(source: OutputSource): ValueColumn[] {
  const { predictions, outputs, rows, reducers } = source;
  return predictions.flatMap((prediction) => {
    const tensor = outputs.find((output) => output.name === prediction.output);
    if (tensor === undefined) return [];
    const width = rowWidth(tensor, rows);
    if (width === undefined) return [];
    if (prediction.role === "embedding" || width > columnsMax || rowRank(tensor, rows) > 1) {
      return summaryColumns({ kind: "output", name: prediction.name, tensor, rows, reducers });
    }
    return wideColumns(prediction, tensor, rows);
  });
}

/** Every value of an output by name, whatever its width; nothing is summarised. */
export function wideColumns(prediction: OutputSpec, tensor: Tensor, rows: number): ValueColumn[] {
  const width = rowWidth(tensor, rows) ?? 0;
  const isLabel = prediction.role === "label";
  const single = width === 1 && !(prediction.role === "probabilities" && rowRank(tensor, rows) > 0);
  return Array.from({ length: width }, (_, offset) => ({
    name: single ? prediction.name : `${prediction.name}.${prediction.labels[offset] ?? offset}`,
    kind: "output",
    type: isLabel || tensor.dtype === "BYTES" ? "category" : "number",
    dtype: tensor.dtype,
    data: tensor.data,
    offset,
    stride: width,
    labels: isLabel ? prediction.labels : [],
    nulls: undefined,
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
function rowWidth(tensor: Tensor, rows: number): number | undefined {
  if (rows === 1) return elementCount(tensor.shape);
  return tensor.shape[0] === rows ? rowElements(tensor.shape) : undefined;
}

function rowRank(tensor: Tensor, rows: number): number {
  const [first, ...rest] = tensor.shape;
  return first === rows ? rest.length : tensor.shape.length;
}

type SummarySource = {
  readonly kind: ColumnKind;
  readonly name: string;
  readonly tensor: Tensor;
  readonly rows: number;
  readonly reducers: ReducersByName | undefined;
};

function summaryColumns({ kind: of, name, tensor, rows, reducers }: SummarySource): ValueColumn[] {
  const width = rowWidth(tensor, rows);
  if (tensor.dtype === "BYTES" || width === undefined) return [];
  const summary = summarise(tensor, rows, width);
  return (reducers?.[name] ?? allReducers).map((reducer) => ({
    name: `${name}.${reducer}`,
    kind: of,
    type: "number",
    dtype: "FP64",
    data: summary[reducer],
    offset: 0,
    stride: 1,
    labels: [],
    nulls: undefined,
  }));
}
