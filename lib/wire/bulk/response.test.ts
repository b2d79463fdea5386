import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ModelInferResponseSchema } from "#gen/inference/grpc_service_pb.ts";
import {
  PredictBulkResponseSchema,
  PredictResponseSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
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
  const predictions = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined });
  void fc.assert(
    fc.property(answer, predictions, (one, raw) => {
      const response = create(ModelInferResponseSchema, { rawOutputContents: raw ? [raw] : [] });
      const encoded = raw && toBinary(ModelInferResponseSchema, response);
      const bytes = Uint8Array.from(
        encodeBulkAnswer({ ...one, form: "tensors", predictions: encoded }),
      );
      const { kind } = fromBinary(PredictBulkResponseSchema, bytes);
      const { number, message, status, resumeToken, batch } = one;
      expect(kind).toMatchObject({
        case: "answer",
        value: { number: BigInt(number), message, status, resumeToken },
      });
      if (kind.case !== "answer") return;
      expect(kind.value.batch?.rows).toBe(batch?.rows);
      expect(kind.value.predictions.value).toEqual(raw && response);
    }),
  );
});

it("puts columns where columns belong", () => {
  const response = create(PredictResponseSchema, { model: "m", rows: 3 });
  const empty = { number: 1, status: 0, message: "", resumeToken: new Uint8Array() };
  const encoded = toBinary(PredictResponseSchema, response);
  const bytes = encodeBulkAnswer({
    ...{ ...empty, batch: undefined },
    ...{ form: "columns", predictions: encoded },
  });
  const { kind } = fromBinary(PredictBulkResponseSchema, bytes);
  expect(kind.case === "answer" && kind.value.predictions).toEqual({
    case: "columns",
    value: response,
  });
});

it("says what was granted", () => {
  const accepted = { model: "m", version: "1", itemsMax: 64, itemBytesMax: 5n };
  const { kind } = fromBinary(PredictBulkResponseSchema, encodeBulkAccepted(accepted));
  expect(kind).toMatchObject({ case: "accepted", value: accepted });
});
