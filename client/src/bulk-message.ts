/** Items and answers of a bulk stream as messages. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  columnsOfRecords,
  type FeatureColumns,
  type FeatureRecord,
  toWireColumns,
} from "./columns.ts";
import { codeOfStatus, SluiceError } from "./error.ts";
import {
  type BulkAccepted,
  type BulkAnswer as BulkAnswerMessage,
  PredictBulkRequestSchema,
  PredictBulkResponseSchema,
} from "./gen/sluice/predict/v1/predict_pb.ts";
import { type Batch, Predictions, toBatch } from "./prediction.ts";
import { type InferRequest, type InferResult, toInferRequest, toInferResult } from "./tensors.ts";

/** One chunk of rows, of about the size of a batch or a few. */
export type BulkItem<Tag = undefined> = BulkRows & {
  /** Anything of the application's own: it comes back with the answer. */
  readonly tag?: Tag;
};

type BulkRows =
  | { readonly records: readonly FeatureRecord[] }
  | { readonly columns: FeatureColumns }
  | { readonly tensors: Omit<InferRequest, "model" | "version"> };

export type BulkAnswer<Tag = undefined> = {
  /** Counted from 0, in the order of the input. */
  readonly item: number;
  readonly tag: Tag;
  /** Why the item as a whole has no predictions. */
  readonly error: SluiceError | undefined;
  /** Rows of the item that have none: null in columns, zeros and empty texts in tensors. */
  readonly failedRows: readonly FailedRow[];
  /** Of an item of records or columns. */
  readonly predictions: Predictions | undefined;
  /** Of an item of tensors. */
  readonly tensors: InferResult | undefined;
  readonly batch: Batch | undefined;
};

export type FailedRow = {
  /** Within the item, from 0. */
  readonly row: number;
  readonly error: SluiceError;
};

type RequestInit = NonNullable<MessageInitShape<typeof PredictBulkRequestSchema>["kind"]>;

export type Opening = {
  readonly model: string;
  readonly version: string;
  readonly isOrdered: boolean;
  readonly resumeToken: Uint8Array;
  readonly streamId: Uint8Array;
};

export function encodeOpening(opening: Opening): Buffer {
  const { model, version, isOrdered, resumeToken, streamId } = opening;
  const value = { model, version, ordered: isOrdered, resumeToken, streamId };
  return encode({ case: "open", value });
}

/** Throws an `invalid-argument` SluiceError that names the item. */
export function encodeItem(number: number, item: BulkRows): Buffer {
  try {
    return encode({ case: "item", value: { number: BigInt(number), rows: rowsOf(item) } });
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    throw new SluiceError(error.code, `item ${number}: ${error.message}`, { cause: error });
  }
}

type RowsInit = NonNullable<Extract<RequestInit, { case: "item" }>["value"]["rows"]>;

function rowsOf(item: BulkRows): RowsInit {
  if ("tensors" in item) {
    return { case: "tensors", value: toInferRequest({ ...item.tensors, model: "" }) };
  }
  const columns = "columns" in item ? item.columns : columnsOfRecords(item.records);
  return { case: "columns", value: { columns: toWireColumns(columns).columns } };
}

function encode(kind: RequestInit): Buffer {
  const bytes = toBinary(PredictBulkRequestSchema, create(PredictBulkRequestSchema, { kind }));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export type BulkReply =
  | { readonly kind: "accepted"; readonly accepted: BulkAccepted }
  | { readonly kind: "answer"; readonly number: number; readonly answer: BulkAnswerMessage }
  /** Of a later version of the protocol. */
  | { readonly kind: "unknown" };

export function decodeReply(bytes: Uint8Array): BulkReply {
  const { kind } = fromBinary(PredictBulkResponseSchema, bytes);
  if (kind.case === "accepted") return { kind: "accepted", accepted: kind.value };
  if (kind.case !== "answer") return { kind: "unknown" };
  return { kind: "answer", number: Number(kind.value.number), answer: kind.value };
}

export function toAnswer<Tag>(
  number: number,
  tag: Tag,
  answer: BulkAnswerMessage,
): BulkAnswer<Tag> {
  const { status, message, failedRows, predictions } = answer;
  return {
    item: number,
    tag,
    error: status === 0 ? undefined : new SluiceError(codeOfStatus(status), message),
    failedRows: failedRows.map(({ row, status: code, message: problem }) => {
      return { row, error: new SluiceError(codeOfStatus(code), problem) };
    }),
    predictions: predictions.case === "columns" ? new Predictions(predictions.value) : undefined,
    tensors: predictions.case === "tensors" ? toInferResult(predictions.value) : undefined,
    batch: toBatch(answer.batch),
  };
}
