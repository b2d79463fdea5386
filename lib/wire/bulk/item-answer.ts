/**
 * The part of a BulkAnswer that a worker writes: the rows that failed, and the predictions of the
 * others. The gateway puts its own fields beside it, which makes both one message.
 */
import type { RowFailures } from "#core/prediction/row-failures.ts";
import { FieldWriter, numberSize, textSize, withinSize } from "../field-writer.ts";
import { toStatusCode } from "../status.ts";
import type { BulkForm } from "./request.ts";

type Row = { readonly row: number; readonly status: number; readonly message: string };

const predictionFields: Record<BulkForm, number> = { columns: 5, tensors: 6 };
/** As of a status. */
const messageLengthMax = 2_000;
/** Beyond, each row has its status, but what it says is left out. */
const messagesLengthMax = 256 * 1024;

/** `predictions` is an encoded PredictResponse or ModelInferResponse, or nothing. */
export function encodeItemAnswer(
  failures: RowFailures,
  form: BulkForm,
  predictions: Uint8Array | undefined,
): Uint8Array {
  if (failures.size === 0 && predictions === undefined) return new Uint8Array(0);
  const rows = toRows(failures);
  let size = predictions === undefined ? 0 : withinSize(predictions.byteLength);
  for (const row of rows) size += withinSize(rowSize(row));
  const writer = new FieldWriter(size);
  for (const row of rows) {
    writer.begin(4, rowSize(row));
    writer.number(1, row.row);
    writer.number(2, row.status);
    writer.text(3, row.message);
  }
  if (predictions !== undefined) {
    writer.begin(predictionFields[form], predictions.byteLength);
    writer.raw(predictions);
  }
  return writer.finish();
}

function toRows(failures: RowFailures): Row[] {
  let left = messagesLengthMax;
  return failures.inOrder().map(({ row, failure }) => {
    const message = failure.message.slice(0, Math.min(messageLengthMax, left)).toWellFormed();
    left -= message.length;
    return { row, status: toStatusCode(failure.code), message };
  });
}

function rowSize({ row, status, message }: Row): number {
  return numberSize(row) + numberSize(status) + textSize(message);
}
