// What the monitor watches of a request: one column for each feature, one or more for each declared
// output, and summaries of what is too wide for that. Which they are, and where in the tensors each
// row's value stands, depends on shapes alone and is the same for request after request.
import { hashText } from "../hash.ts";
import { type Reducer, reducers as reducersAll } from "../model/settings.ts";
import type { FeatureSpec, OutputSpec } from "../model/spec.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { rowElements, type Tensor } from "../tensor/tensor.ts";
import {
  type ColumnHead,
  type ColumnKind,
  columnsMax,
  rowRank,
  rowWidth,
  type Shaped,
  wideHeads,
} from "./value-column.ts";

/** Which summaries to make, by input or output; all where none are named. */
export type ReducersByName = Readonly<Record<string, readonly Reducer[]>>;

/** A column of a feature is of an input of the request, one of an output of an output. */
export type PlannedColumn = ColumnHead & {
  /** Its place among the inputs or outputs. */
  readonly tensor: number;
  /** What is told of each row where the column is a summary of it. */
  readonly reducer: Reducer | undefined;
};

/** A tensor without its values. */
export type PlannedTensor = Pick<Tensor, "name" | "dtype" | "shape">;

export type PlanSource = {
  readonly features: readonly FeatureSpec[];
  readonly predictions: readonly OutputSpec[];
  readonly reducers?: ReducersByName;
  readonly inputs: readonly PlannedTensor[];
  readonly outputs: readonly PlannedTensor[];
  readonly rows: number;
};

/** The columns of every request whose tensors are shaped like these. */
export class ColumnPlan {
  /** Features first. */
  readonly columns: readonly PlannedColumn[];
  /** Equal ids mean equal columns: names, kinds and types. */
  readonly schemaId: string;
  readonly #inputs: readonly Layout[];
  readonly #outputs: readonly Layout[];
  readonly #isOneRow: boolean;

  constructor(source: PlanSource) {
    const { inputs, outputs, rows } = source;
    this.columns = [...featureColumns(source), ...outputColumns(source)];
    const names = this.columns.map(({ name, kind, type, dtype }) => [name, kind, type, dtype]);
    this.schemaId = hashText(JSON.stringify(names));
    this.#inputs = inputs.map((tensor) => layoutOf(tensor, rows));
    this.#outputs = outputs.map((tensor) => layoutOf(tensor, rows));
    this.#isOneRow = rows === 1;
  }

  /** Whether a request has these columns. */
  suits({
    inputs,
    outputs,
    rows,
  }: {
    readonly inputs: readonly PlannedTensor[];
    readonly outputs: readonly PlannedTensor[];
    readonly rows: number;
  }): boolean {
    if ((rows === 1) !== this.#isOneRow) return false;
    return areLike(this.#inputs, inputs, rows) && areLike(this.#outputs, outputs, rows);
  }
}

/**
 * A column for each feature, then the summaries (`<input>.mean`, `.sd`, `.norm`) of every input of
 * numbers that has none, be it that no feature speaks of it or that it is one row as a whole.
 * Inputs whose rows are not the request's have no columns.
 */
export function featureColumns(
  source: Omit<PlanSource, "predictions" | "outputs">,
): PlannedColumn[] {
  const { features, inputs, rows, reducers } = source;
  const isTable = ({ shape }: Shaped) => shape[0] === rows;
  const columns = features.flatMap((feature): PlannedColumn[] => {
    const at = inputs.findIndex((input) => isTable(input) && input.name === feature.input);
    const tensor = inputs[at];
    if (tensor === undefined) return [];
    const stride = rowElements(tensor.shape);
    if (feature.column >= stride) return [];
    const { name, type, dtype, column: offset } = feature;
    const place = { offset, stride, tensor: at, reducer: undefined };
    return [{ name, kind: "feature", type, dtype, labels: [], ...place }];
  });
  const named = new Set(features.map((feature) => feature.input));
  const summaries = inputs.flatMap((tensor, at) => {
    if (isTable(tensor) && named.has(tensor.name)) return [];
    return summaryColumns({ kind: "feature", name: tensor.name, tensor, at, rows, reducers });
  });
  return [...columns, ...summaries];
}

/**
 * The columns of every declared output that is among `outputs`: its own name for one value a row,
 * `<name>.<label or number>` for several, summaries for embeddings and what is wider than
 * `columnsMax`.
 */
export function outputColumns(source: Omit<PlanSource, "features" | "inputs">): PlannedColumn[] {
  const { predictions, outputs, rows, reducers } = source;
  return predictions.flatMap((prediction) => {
    const at = outputs.findIndex((output) => output.name === prediction.output);
    const tensor = outputs[at];
    const width = tensor === undefined ? undefined : rowWidth(tensor, rows);
    if (tensor === undefined || width === undefined) return [];
    if (prediction.role === "embedding" || width > columnsMax || rowRank(tensor, rows) > 1) {
      const { name } = prediction;
      return summaryColumns({ kind: "output", name, tensor, at, rows, reducers });
    }
    const place = { tensor: at, reducer: undefined };
    return wideHeads(prediction, tensor, rows).map((head) => ({ ...head, ...place }));
  });
}

type SummarySource = {
  readonly kind: ColumnKind;
  readonly name: string;
  readonly tensor: PlannedTensor;
  readonly at: number;
  readonly rows: number;
  readonly reducers: ReducersByName | undefined;
};

/** Their stride is the width of what is summarised. */
function summaryColumns({
  kind,
  name,
  tensor,
  at,
  rows,
  reducers,
}: SummarySource): PlannedColumn[] {
  const width = rowWidth(tensor, rows);
  if (tensor.dtype === "BYTES" || width === undefined) return [];
  return (reducers?.[name] ?? reducersAll).map(
    (reducer): PlannedColumn => ({
      name: `${name}.${reducer}`,
      ...{ kind, type: "number", dtype: "FP64", labels: [] },
      ...{ offset: 0, stride: width, tensor: at, reducer },
    }),
  );
}

/** What of a tensor decides on its columns. */
type Layout = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly isTable: boolean;
  readonly shape: readonly number[];
};

function layoutOf({ name, dtype, shape }: PlannedTensor, rows: number): Layout {
  return { name, dtype, isTable: shape[0] === rows, shape };
}

function areLike(
  layouts: readonly Layout[],
  tensors: readonly PlannedTensor[],
  rows: number,
): boolean {
  if (layouts.length !== tensors.length) return false;
  for (let index = 0; index < layouts.length; index += 1) {
    const { name, dtype, isTable, shape } = layouts[index] as Layout;
    const other = tensors[index] as PlannedTensor;
    if (other.name !== name || other.dtype !== dtype) return false;
    if (other.shape.length !== shape.length || (other.shape[0] === rows) !== isTable) return false;
    // The rows of a table vary; every other dimension tells where values stand.
    for (let axis = isTable ? 1 : 0; axis < shape.length; axis += 1) {
      if (other.shape[axis] !== shape[axis]) return false;
    }
  }
  return true;
}
