/** Rows of a file as an item of a stream, and its answer as rows of another. */

import type { BulkAnswer, FeatureColumns } from "#client/index.ts";
import { Failure, messageOf } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { quote, quoteAll } from "#core/quote.ts";
import type { Feature } from "#gen/sluice/control/v1/model_pb.ts";
import type { Cell } from "../cells.ts";
import { UsageError } from "../exit-code.ts";
import type { ServedModel } from "../model-argument.ts";
import type { OutputColumns } from "./output-columns.ts";
import { type Row, toCell, type Value } from "./value.ts";

export type Chunk = {
  /** As they are kept in the output. */
  readonly rows: readonly Row[];
  /** Rows that were sent, by their place in `rows`. */
  readonly sent: readonly number[];
  /** Why a row has no prediction. */
  readonly problems: Map<number, string>;
  /** What the features of the rows that were sent are; undefined where none is good. */
  readonly columns: FeatureColumns | undefined;
  /** How much of the input had been read when these rows had. */
  readonly share: number | undefined;
  /** Set when it is answered, or was not sent. */
  isDone: boolean;
  predictions: BulkAnswer["predictions"];
  resumeToken: Uint8Array | undefined;
};

/**
 * The features that the file has columns for. Throws where it lacks one that the model requires, or
 * has none at all.
 */
export function bindFeatures(
  served: ServedModel,
  columns: readonly string[],
  path: string,
): Feature[] {
  const { features } = served.description;
  const model = formatRef(served);
  if (features.length === 0) {
    throw new UsageError(`${model} has no named features: use ModelInfer`);
  }
  const bound = features.filter(({ name }) => columns.includes(name));
  const missing = features.filter((feature) => feature.required && !bound.includes(feature));
  const names = (list: readonly Feature[]) => quoteAll(list.map(({ name }) => name));
  if (missing.length > 0) {
    const problem = `${path} has no column ${names(missing)}, which ${model} requires`;
    throw new Failure("invalid-argument", `${problem}. Its columns are ${quoteAll(columns)}`);
  }
  if (bound.length > 0) return bound;
  const problem = `no column of ${path} is a feature of ${model}, which takes ${names(features)}`;
  throw new Failure("invalid-argument", problem);
}

export type ChunkOptions = {
  readonly features: readonly Feature[];
  /** True to keep features as the values they were read as, where the file has texts alone. */
  readonly isTyped: boolean;
};

export type ReadRows = { readonly rows: readonly Row[]; readonly share: number | undefined };

/** Rows whose values are none of their features' are not sent. */
export function toChunk({ rows, share }: ReadRows, { features, isTyped }: ChunkOptions): Chunk {
  const problems = new Map<number, string>();
  const sent: number[] = [];
  const cells = features.map((): Cell[] => []);
  const kept = rows.map((row, index) => {
    const own = readCells(row, features);
    if (typeof own === "string") {
      problems.set(index, own);
      return row;
    }
    sent.push(index);
    for (const [feature, cell] of own.entries()) cells[feature]?.push(cell);
    if (!isTyped) return row;
    const typed = features.map(({ name }, feature) => [name, own[feature] ?? null] as const);
    return { ...row, ...Object.fromEntries(typed) };
  });
  const named = features.map(({ name }, index) => [name, cells[index] ?? []] as const);
  return {
    rows: kept,
    sent,
    problems,
    columns: sent.length === 0 ? undefined : Object.fromEntries(named),
    share,
    isDone: sent.length === 0,
    predictions: undefined,
    resumeToken: undefined,
  };
}

/** The cells of a row, or what is wrong with it. */
function readCells(row: Row, features: readonly Feature[]): Cell[] | string {
  try {
    const cells = features.map((feature) => toCell(feature, row[feature.name]));
    const missing = features.find(({ required }, index) => required && cells[index] === null);
    return missing === undefined ? cells : `feature ${quote(missing.name)} has no value`;
  } catch (error) {
    return messageOf(error);
  }
}

/** Takes what an answer says of the rows that were sent. */
export function settle(chunk: Chunk, answer: BulkAnswer<Chunk>, resumeToken: Uint8Array): void {
  chunk.isDone = true;
  chunk.predictions = answer.predictions;
  chunk.resumeToken = resumeToken;
  if (answer.error !== undefined) {
    for (const row of chunk.sent) chunk.problems.set(row, answer.error.message);
  }
  for (const { row, error } of answer.failedRows) {
    const index = chunk.sent[row];
    if (index !== undefined) chunk.problems.set(index, error.message);
  }
}

export type ToOutput = {
  readonly columns: OutputColumns;
  /** False to leave out what the input had. */
  readonly isKept: boolean;
};

export function toOutputRows(chunk: Chunk, { columns, isKept }: ToOutput): Row[] {
  const { rows, sent, problems, predictions } = chunk;
  const places = new Map(sent.map((index, place) => [index, place]));
  const predicted = columns.predicted.map(
    ([name, column]) => [column, predictions?.columns[name]] as const,
  );
  return rows.map((row, index) => {
    const place = places.get(index);
    const problem = problems.get(index) ?? null;
    const isGood = problem === null && place !== undefined;
    const own = predicted.map(([column, values]): [string, Value] => {
      return [column, isGood ? (values?.[place] ?? null) : null];
    });
    const added: Row = { ...Object.fromEntries(own), [columns.error]: problem };
    return isKept ? { ...row, ...added } : added;
  });
}
