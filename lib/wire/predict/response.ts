import { type Bitmap, emptyBitmap, isSet } from "#core/bitmap.ts";
import { Failure } from "#core/failure.ts";
import type { ModelRef } from "#core/model/name.ts";
import type { OutputSpec } from "#core/model/spec.ts";
import { numberAt, textAt, type ValueColumn, wideColumns } from "#core/prediction/value-column.ts";
import { quote } from "#core/quote.ts";
import { packedBytes } from "#core/tensor/dtype.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { contentSize, FieldWriter, numberSize, textSize, withinSize } from "../field-writer.ts";

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

/** A column as it is written: its name, the field its values are in, and these. */
type Written = {
  readonly name: string;
  readonly field: number;
  /** Packed numbers, or texts one by one. */
  readonly values: Uint8Array | readonly Uint8Array[];
  readonly nulls: Bitmap;
};

/**
 * A PredictResponse with every declared prediction by name. Throws a failed-precondition Failure
 * where an output has more than 4096 values a row or is not made of the request's rows.
 */
export function encodePredictResponse(answer: PredictAnswer): Uint8Array {
  const { ref, id, predictionId, rows, batch } = answer;
  const version = String(ref.version);
  const columns = answer.predictions.flatMap((prediction) =>
    columnsOf(prediction, answer).map((column) => toWritten(column, answer)),
  );
  let size = textSize(ref.model) + textSize(version) + textSize(id) + textSize(predictionId);
  size += numberSize(rows);
  for (const column of columns) size += withinSize(columnSize(column));
  if (batch !== undefined) size += withinSize(batchSize(batch));
  const writer = new FieldWriter(size);
  writer.text(1, ref.model);
  writer.text(2, version);
  writer.text(3, id);
  writer.text(4, predictionId);
  writer.number(5, rows);
  for (const column of columns) writeColumn(writer, column);
  if (batch !== undefined) writeBatch(writer, batch);
  return writer.finish();
}

function batchSize({ rows, requests, closedBy }: BatchTold): number {
  return numberSize(rows) + numberSize(requests) + textSize(closedBy);
}

function writeBatch(writer: FieldWriter, batch: BatchTold): void {
  writer.begin(7, batchSize(batch));
  writer.number(1, batch.rows);
  writer.number(2, batch.requests);
  writer.text(3, batch.closedBy);
}

function columnSize({ name, values, nulls }: Written): number {
  return textSize(name) + withinSize(valuesSize(values)) + contentSize(nulls);
}

function valuesSize(values: Written["values"]): number {
  if (values instanceof Uint8Array) return contentSize(values);
  return values.reduce((sum, text) => sum + withinSize(text.byteLength), 0);
}

function writeColumn(writer: FieldWriter, column: Written): void {
  const { name, field, values, nulls } = column;
  writer.begin(6, columnSize(column));
  writer.text(1, name);
  writer.begin(field, valuesSize(values));
  if (values instanceof Uint8Array) writer.content(1, values);
  else {
    for (const text of values) {
      writer.begin(1, text.byteLength);
      writer.raw(text);
    }
  }
  writer.content(5, nulls);
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

const encoder = new TextEncoder();

function toWritten(column: ValueColumn, { rows, nulls = none }: PredictAnswer): Written {
  const { name } = column;
  if (column.type === "category") {
    const texts = Array.from({ length: rows }, (_, row) =>
      encoder.encode(isSet(nulls, row) ? "" : textAt(column, row)),
    );
    return { name, field: 4, values: texts, nulls };
  }
  const exact = integersOf(column, rows);
  if (exact !== undefined) return { name, field: 3, values: packIntegers(exact), nulls };
  const numbers = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) numbers[row] = numberAt(column, row);
  return { name, field: 2, values: packedBytes(numbers), nulls };
}

/** The values as whole numbers where doubles would not hold them and 64 signed bits do. */
function integersOf(column: ValueColumn, rows: number): bigint[] | undefined {
  if (!(column.data instanceof BigInt64Array || column.data instanceof BigUint64Array)) {
    return undefined;
  }
  const { data, offset, stride } = column;
  const values = Array.from({ length: rows }, (_, row) => data[offset + row * stride] ?? 0n);
  if (values.some((value) => value >= 2n ** 63n)) return undefined;
  return values.every((value) => Number.isSafeInteger(Number(value))) ? undefined : values;
}

/** As protobuf's sint64: the sign is the lowest bit. */
function packIntegers(values: readonly bigint[]): Uint8Array {
  const bytes: number[] = [];
  for (const value of values) {
    let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
    bytes.push(Number(left));
  }
  return Uint8Array.from(bytes);
}
