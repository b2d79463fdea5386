import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type Bitmap, emptyBitmap, isSet } from "#core/bitmap.ts";
import { Failure } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { OutputSpec } from "#core/model/spec.ts";
import { numberAt, textAt, type ValueColumn, wideColumns } from "#core/prediction/value-column.ts";
import { quote } from "#core/quote.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";

export type PredictAnswer = {
  readonly ref: ModelRef;
  /** The caller's own id, given back as it came. */
  readonly id: string;
  /** UUID of the prediction, in its usual form. */
  readonly predictionId: string;
  readonly rows: number;
  readonly predictions: readonly OutputSpec[];
  readonly outputs: readonly Tensor[];
  /** Rows that have no prediction; empty where all have. */
  readonly nulls?: Bitmap;
  /** Undefined to say nothing of it. */
  readonly batch?: BatchTold | undefined;
};

/** What a reply tells of the batch it was computed in. */
export type BatchTold = {
  readonly rows: number;
  readonly requests: number;
  readonly closedBy: string;
};

const outputColumnsMax = 4096;
const none: Bitmap = emptyBitmap(0);

/**
 * A PredictResponse with every declared prediction by name. Throws a failed-precondition Failure
 * where an output has more than 4096 values a row or is not made of the request's rows.
 */
export function encodePredictResponse(answer: PredictAnswer): Uint8Array {
  const message = create(PredictResponseSchema, {
    model: answer.ref.model,
    version: String(answer.ref.version),
    id: answer.id,
    predictionId: answer.predictionId,
    rows: answer.rows,
    ...batchOf(answer.batch),
    predictions: answer.predictions.flatMap((prediction) =>
      columnsOf(prediction, answer).map((column) => toMessage(column, answer)),
    ),
  });
  return toBinary(PredictResponseSchema, message);
}

function batchOf(batch: BatchTold | undefined) {
  if (batch === undefined) return {};
  const { rows, requests, closedBy } = batch;
  return { batch: { rows, requests, closedBy } };
}

function columnsOf(prediction: OutputSpec, { outputs, rows }: PredictAnswer): ValueColumn[] {
  const tensor = outputs.find((output) => output.name === prediction.output);
  if (tensor === undefined) return [];
  const count = tensor.data.length / rows;
  if (count > outputColumnsMax) {
    const problem = `output ${quote(prediction.name)} has ${count} values a row`;
    throw unanswerable(`${problem}, at most ${outputColumnsMax} are answered`);
  }
  const columns = wideColumns(prediction, tensor, rows);
  if (columns.length === 0 && count > 0) {
    throw unanswerable(`output ${quote(prediction.name)} does not have one value for each row`);
  }
  return columns;
}

function unanswerable(problem: string): Failure {
  return new Failure("failed-precondition", `${problem}: use ModelInfer`);
}

type ColumnInit = NonNullable<
  MessageInitShape<typeof PredictResponseSchema>["predictions"]
>[number];

function toMessage(column: ValueColumn, { rows, nulls = none }: PredictAnswer): ColumnInit {
  const { name } = column;
  const indexes = Array.from({ length: rows }, (_, row) => row);
  if (column.type === "category") {
    const values = indexes.map((row) => (isSet(nulls, row) ? "" : textAt(column, row)));
    return { name, nulls, values: { case: "texts", value: { values } } };
  }
  const exact = integersOf(column, indexes);
  if (exact !== undefined)
    return { name, nulls, values: { case: "integers", value: { values: exact } } };
  const values = indexes.map((row) => numberAt(column, row));
  return { name, nulls, values: { case: "numbers", value: { values } } };
}

/** The values as whole numbers where doubles would not hold them and 64 signed bits do. */
function integersOf(column: ValueColumn, indexes: readonly number[]): bigint[] | undefined {
  if (!(column.data instanceof BigInt64Array || column.data instanceof BigUint64Array)) {
    return undefined;
  }
  const { data, offset, stride } = column;
  const values = indexes.map((row) => data[offset + row * stride] ?? 0n);
  if (values.some((value) => value >= 2n ** 63n)) return undefined;
  return values.every((value) => Number.isSafeInteger(Number(value))) ? undefined : values;
}
