import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { RowFailures } from "#core/prediction/row-failures.ts";
import { ModelInferResponseSchema } from "#gen/inference/grpc_service_pb.ts";
import { PredictBulkResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { encodeItemAnswer } from "./item-answer.ts";
import { encodeBulkAccepted, encodeBulkAnswer } from "./response.ts";

const answer = fc.record({
  number: fc.maxSafeNat(),
  status: fc.nat(16),
  message: fc.string({ unit: "grapheme" }),
  resumeToken: fc.uint8Array({ maxLength: 30 }),
  batch: fc.option(fc.record({ rows: fc.nat(), requests: fc.nat(), closedBy: fc.string() }), {
    nil: undefined,
  }),
});

it("writes what protobuf-es reads back", () => {
  const predictions = fc.uint8Array({ maxLength: 300 });
  void fc.assert(
    fc.property(answer, predictions, (one, raw) => {
      const response = create(ModelInferResponseSchema, { rawOutputContents: [raw] });
      const encoded = toBinary(ModelInferResponseSchema, response);
      const rows = encodeItemAnswer(new RowFailures(), "tensors", encoded);
      const bytes = Uint8Array.from(encodeBulkAnswer({ ...one, rows }));
      const { kind } = fromBinary(PredictBulkResponseSchema, bytes);
      const { number, message, status, resumeToken, batch } = one;
      expect(kind).toMatchObject({
        case: "answer",
        value: { number: BigInt(number), message, status, resumeToken },
      });
      if (kind.case !== "answer") return;
      expect(kind.value.batch?.rows).toBe(batch?.rows);
      expect(kind.value.predictions.value).toEqual(response);
    }),
  );
});

it("says what was granted", () => {
  const accepted = { model: "m", version: "1", itemsMax: 64, itemBytesMax: 5n };
  const { kind } = fromBinary(PredictBulkResponseSchema, encodeBulkAccepted(accepted));
  expect(kind).toMatchObject({ case: "accepted", value: accepted });
});
