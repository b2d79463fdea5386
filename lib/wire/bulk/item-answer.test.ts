import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { RowFailures } from "#core/prediction/row-failures.ts";
import { ModelInferResponseSchema } from "#gen/inference/grpc_service_pb.ts";
import { BulkAnswerSchema, PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { encodeItemAnswer } from "./item-answer.ts";

it("writes what protobuf-es reads as an answer", () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 5 });
  void fc.assert(
    fc.property(texts, fc.boolean(), (messages, hasPredictions) => {
      const failures = new RowFailures();
      for (const [row, text] of messages.entries())
        failures.add(row, new Failure("internal", text));
      const response = create(PredictResponseSchema, { model: "m", rows: 9 });
      const encoded = hasPredictions ? toBinary(PredictResponseSchema, response) : undefined;
      const bytes = Uint8Array.from(encodeItemAnswer(failures, "columns", encoded));
      const answer = fromBinary(BulkAnswerSchema, bytes);
      expect(answer.failedRows).toMatchObject(
        messages.map((message, row) => ({ row, status: 13, message })),
      );
      expect(answer.predictions.value).toEqual(hasPredictions ? response : undefined);
    }),
  );
});

it("puts tensors where tensors belong", () => {
  const response = create(ModelInferResponseSchema, { modelName: "m" });
  const encoded = toBinary(ModelInferResponseSchema, response);
  const bytes = Uint8Array.from(encodeItemAnswer(new RowFailures(), "tensors", encoded));
  const { predictions } = fromBinary(BulkAnswerSchema, bytes);
  expect(predictions).toEqual({ case: "tensors", value: response });
});

it("says of ever so many rows that they failed, and of the first ones why", () => {
  const failures = new RowFailures();
  const failure = new Failure("invalid-argument", "x".repeat(3_000));
  for (let row = 0; row < 10_000; row += 1) failures.add(row, failure);
  const bytes = encodeItemAnswer(failures, "columns", undefined);
  expect(bytes.byteLength).toBeLessThan(512 * 1024);
  const { failedRows } = fromBinary(BulkAnswerSchema, bytes);
  expect(failedRows).toHaveLength(10_000);
  expect(failedRows[0]?.message).toHaveLength(2_000);
  expect(failedRows[9_999]).toMatchObject({ row: 9_999, status: 3, message: "" });
});
