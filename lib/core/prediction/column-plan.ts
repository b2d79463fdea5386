// What the monitor watches of a request: one column for each feature, one or more for each declared
// output, and summaries of what is too wide for that. Which they are, and where in the tensors each
// row's value stands, depends on shapes alone and is the same for request after request.
import { hashText } from "../hash.ts";
import {
  type Reducer,
  type ReducersByName,
  textReducers,
  wideReducers,
} from "../model/settings.ts";
import type { FeatureSpec, OutputSpec } from "../model/spec.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { rowElements, type Tensor } from "../tensor/tensor.ts";
import { textUnitsMax } from "../text/tokens.ts";
import { Vocabulary } from "../text/vocabulary.ts";
import {
  type ColumnHead,
  type ColumnKind,
  columnsMax,
  rowRank,
  rowWidth,
  type Shaped,
  wideHeads,
} from "./value-column.ts";

/** By text feature. */
export type Vocabularies = Pick<ReadonlyMap<string, Vocabulary>, "get">;

/** Where it only matters which columns there are: those of unknown tokens are. */
export const anyVocabularies: Vocabularies = { get: () => nothingKnown };
const nothingKnown = new Vocabulary([]);

/** A column of a feature is of an input of the request, one of an output of an output. */
export type PlannedColumn = ColumnHead & {
  /** Its place among the inputs or outputs. */
  readonly tensor: number;
  /** What is told of each row where the column is a summary of it. */
  readonly reducer: Reducer | undefined;
  /** Whose values are missing where this column's are. */
  readonly feature: string;
  /** Of a text whose unknown tokens are counted, in this column or beside it. */
  readonly vocabulary: Vocabulary | undefined;
};

/** Ten words or so, which are looked up in a microsecond: what ten categories take. */
const unitsPerValue = 64;

/** A tensor without its values. */
export type PlannedTensor = Pick<Tensor, "name" | "dtype" | "shape">;

export type PlanSource = {
  readonly features: readonly FeatureSpec[];
  readonly predictions: readonly OutputSpec[];
  readonly reducers?: ReducersByName;
  /** A text without one is watched by its length alone. */
  readonly vocabularies?: Vocabularies;
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
  /** A column for each text that is read for its tokens. */
  readonly #texts: readonly PlannedColumn[];

  constructor(source: PlanSource) {
    const { inputs, outputs, rows } = source;
    this.columns = [...featureColumns(source), ...outputColumns(source)];
    const names = this.columns.map(({ name, kind, type, dtype }) => [name, kind, type, dtype]);
    this.schemaId = hashText(JSON.stringify(names));
    this.#inputs = inputs.map((tensor) => layoutOf(tensor, rows));
    this.#outputs = outputs.map((tensor) => layoutOf(tensor, rows));
    this.#isOneRow = rows === 1;
    this.#texts = this.columns.filter(({ reducer }) => reducer === "unknown");
  }

  /** What reading the texts of a row comes to, in values of numbers; of no rows, nothing. */
  textValues(inputs: readonly Tensor[], rows: readonly number[]): number {
    if (this.#texts.length === 0 || rows.length === 0) return 0;
    let units = 0;
    for (const { tensor, offset, stride } of this.#texts) {
      const { data } = inputs[tensor] as Tensor;
      for (let index = 0; index < rows.length; index += 1) {
        const text = data[offset + (rows[index] as number) * stride] as string;
        units += Math.min(text.length, textUnitsMax);
      }
    }
    return units / unitsPerValue / rows.length;
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
 * A column for each feature, of a text one for each of its numbers (`<feature>.length`,
 * `.unknown`), then the summaries (`<input>.mean`, `.sd`, `.norm`) of every input of
 * numbers that has none, be it that no feature speaks of it or that it is one row as a whole.
 * Inputs whose rows are not the request's have no columns.
 */
export function featureColumns(
  source: Omit<PlanSource, "predictions" | "outputs">,
): PlannedColumn[] {
  const { features, inputs, rows, reducers, vocabularies } = source;
  const isTable = ({ shape }: Shaped) => shape[0] === rows;
  const columns = features.flatMap((feature): PlannedColumn[] => {
    const at = inputs.findIndex((input) => isTable(input) && input.name === feature.input);
    const tensor = inputs[at];
    if (tensor === undefined) return [];
    const stride = rowElements(tensor.shape);
    if (feature.column >= stride) return [];
    const { name, type, dtype, column: offset } = feature;
    const place = { offset, stride, tensor: at, feature: name };
    if (type === "text") {
      const vocabulary = vocabularies?.get(name);
      return textColumns(place, { reducers: reducers?.[name] ?? textReducers, vocabulary });
    }
    const head = { name, kind: "feature", type, dtype, labels: [] } as const;
    return [{ ...head, ...place, reducer: undefined, vocabulary: undefined }];
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
    const { name: feature } = prediction;
    const place = { tensor: at, feature, reducer: undefined, vocabulary: undefined };
    return wideHeads(prediction, tensor, rows).map((head) => ({ ...head, ...place }));
  });
}

function textColumns(
  place: Pick<PlannedColumn, "offset" | "stride" | "tensor" | "feature">,
  of: { readonly reducers: readonly Reducer[]; readonly vocabulary: Vocabulary | undefined },
): PlannedColumn[] {
  const told = of.reducers.filter((each) => each !== "unknown" || of.vocabulary !== undefined);
  const vocabulary = told.includes("unknown") ? of.vocabulary : undefined;
  return told.map((reducer) => ({
    name: `${place.feature}.${reducer}`,
    ...{ kind: "feature", type: "number", dtype: "FP64", labels: [] },
    ...{ ...place, reducer, vocabulary },
  }));
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
  return (reducers?.[name] ?? wideReducers).map(
    (reducer): PlannedColumn => ({
      name: `${name}.${reducer}`,
      ...{ kind, type: "number", dtype: "FP64", labels: [] },
      ...{ offset: 0, stride: width, tensor: at, reducer, feature: name, vocabulary: undefined },
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
