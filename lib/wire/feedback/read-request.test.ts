import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { formatPredictionId, predictedMsOf, predictionId } from "#core/prediction-id.ts";
import {
  type FeedbackSchema,
  SendFeedbackRequestSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { readFeedbackRequest } from "./read-request.ts";

function encode(feedback: MessageInitShape<typeof FeedbackSchema>[], model = "wine"): Uint8Array {
  const message = create(SendFeedbackRequestSchema, { model, feedback });
  return toBinary(SendFeedbackRequestSchema, message);
}

const id = predictionId(1_234, new Uint8Array(16).fill(9));
const named = { prediction: { case: "predictionId" as const, value: formatPredictionId(id) } };
const number = (value: number) => ({ label: { case: "number" as const, value } });
const text = (value: string) => ({ label: { case: "text" as const, value } });

it("reads labels as the generated code writes them", () => {
  const token = Uint8Array.of(1, 2);
  const { model, entries } = readFeedbackRequest(
    encode([
      { ...named, row: 3, ...number(-0.5) },
      { prediction: { case: "requestId", value: "mine" }, ...text("") },
      { prediction: { case: "predictionToken", value: token }, ...text("yes") },
    ]),
  );
  expect(model).toBe("wine");
  expect(entries).toEqual([
    { target: { kind: "prediction", id }, row: 3, label: -0.5 },
    { target: { kind: "request", id: "mine" }, row: 0, label: "" },
    { target: { kind: "token", token }, row: 0, label: "yes" },
  ]);
  expect(predictedMsOf(id)).toBe(1_234);
});

it("says what is wrong with a label and goes on with the next", () => {
  const { entries } = readFeedbackRequest(
    encode([
      number(1),
      { prediction: { case: "predictionId", value: "12" }, ...number(1) },
      { prediction: { case: "requestId", value: "" }, ...number(1) },
      { prediction: { case: "requestId", value: "x".repeat(300) }, ...number(1) },
      named,
      { ...named, ...number(Number.NaN) },
      { ...named, ...text("x".repeat(300)) },
      { ...named, ...number(1) },
    ]),
  );
  expect(entries).toEqual([
    expect.stringMatching(/names no prediction/),
    '"12" is no prediction id',
    "its request id is empty",
    "its request id has 300 characters, limit 256",
    expect.stringMatching(/has no label/),
    "its label is NaN",
    "its label has 300 characters, limit 256",
    { target: { kind: "prediction", id }, row: 0, label: 1 },
  ]);
});

it("refuses more labels than it takes", () => {
  const many = Array.from({ length: 10_001 }, () => ({}));
  expect(() => readFeedbackRequest(encode(many))).toThrow(/more than 10000 labels/);
});

it("fails on bytes that are no request, and in no other way", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (noise) => {
      try {
        readFeedbackRequest(noise);
      } catch (error) {
        expect(error).toMatchObject({ code: "invalid-argument" });
      }
    }),
  );
});
