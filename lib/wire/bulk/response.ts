/** Writes what a gateway answers on a bulk stream, round answers that workers have encoded. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type BulkAcceptedSchema,
  PredictBulkResponseSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { contentSize, FieldWriter, numberSize, textSize, withinSize } from "../field-writer.ts";
import type { BatchInfo } from "../reply-begin.ts";

export function encodeBulkAccepted(
  accepted: MessageInitShape<typeof BulkAcceptedSchema>,
): Uint8Array {
  const message = create(PredictBulkResponseSchema, {
    kind: { case: "accepted", value: accepted },
  });
  return toBinary(PredictBulkResponseSchema, message);
}

export type BulkAnswer = {
  readonly number: number;
  /** gRPC status code. */
  readonly status: number;
  readonly message: string;
  /** Its failed rows and predictions, as `encodeItemAnswer` writes them. */
  readonly rows: Uint8Array;
  readonly resumeToken: Uint8Array;
  readonly batch: Omit<BatchInfo, "spanId"> | undefined;
};

/** A PredictBulkResponse with an answer. */
export function encodeBulkAnswer(answer: BulkAnswer): Uint8Array {
  const { rows, batch } = answer;
  const answerSize =
    numberSize(answer.number) +
    numberSize(answer.status) +
    textSize(answer.message) +
    rows.byteLength +
    contentSize(answer.resumeToken) +
    (batch === undefined ? 0 : withinSize(batchSize(batch)));
  const writer = new FieldWriter(withinSize(answerSize));
  writer.begin(2, answerSize);
  writer.number(1, answer.number);
  writer.number(2, answer.status);
  writer.text(3, answer.message);
  writer.raw(rows);
  writer.content(7, answer.resumeToken);
  if (batch !== undefined) {
    writer.begin(8, batchSize(batch));
    writer.number(1, batch.rows);
    writer.number(2, batch.requests);
    writer.text(3, batch.closedBy);
  }
  return writer.finish();
}

function batchSize({ rows, requests, closedBy }: Omit<BatchInfo, "spanId">): number {
  return numberSize(rows) + numberSize(requests) + textSize(closedBy);
}
