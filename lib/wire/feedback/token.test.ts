import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { decodeTokenContent, encodeTokenContent, outputsOfReply } from "./token.ts";

it("takes the outputs of a reply that are whole, by name", () => {
  const reply = create(PredictResponseSchema, {
    rows: 2,
    predictions: [
      { name: "label", values: { case: "texts", value: { values: ["a", "b"] } } },
      { name: "n", values: { case: "integers", value: { values: [1n, 2n] } } },
      { name: "s", values: { case: "numbers", value: { values: [0.5, 1] } } },
      {
        name: "gone",
        values: { case: "numbers", value: { values: [0, 1] } },
        nulls: Uint8Array.of(1),
      },
    ],
  });
  const encoded = (rows: number) => toBinary(PredictResponseSchema, { ...reply, rows });
  expect(outputsOfReply(encoded(2))).toEqual({
    rows: 2,
    outputs: [
      { name: "label", values: ["a", "b"] },
      { name: "n", values: [1, 2] },
      { name: "s", values: [0.5, 1] },
    ],
  });
  expect(outputsOfReply(encoded(0))).toBeUndefined();
  expect(outputsOfReply(encoded(1_001))).toBeUndefined();
});

it("gives back what a token is made of", () => {
  const column = (rows: number) =>
    fc.record({
      name: fc.string({ maxLength: 9 }),
      values: fc.oneof(
        fc.array(fc.double(), { minLength: rows, maxLength: rows }),
        fc.array(fc.string({ maxLength: 9 }), { minLength: rows, maxLength: rows }),
      ),
    });
  const content = fc.integer({ min: 1, max: 9 }).chain((rows) =>
    fc.record({
      model: fc.constant("wine"),
      version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      predictionId: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      timeUs: fc.nat(),
      rows: fc.constant(rows),
      outputs: fc.array(column(rows), { maxLength: 3 }),
    }),
  );
  fc.assert(
    fc.property(content, (one) => {
      expect(decodeTokenContent(encodeTokenContent(one))).toEqual(one);
    }),
  );
});

it("makes nothing of bytes that are none", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (noise) => {
      expect(decodeTokenContent(noise)).toBeUndefined();
    }),
  );
});
