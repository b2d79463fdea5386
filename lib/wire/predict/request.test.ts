import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { decodePredictRequest } from "./request.ts";

function decode(init: MessageInitShape<typeof PredictRequestSchema>) {
  return decodePredictRequest(toBinary(PredictRequestSchema, create(PredictRequestSchema, init)));
}

test("reads columns of every kind", () => {
  const { id, columns } = decode({
    id: "mine",
    columns: [
      { name: "a", values: { case: "numbers", value: { values: [1.5] } }, nulls: Uint8Array.of(1) },
      { name: "b", values: { case: "integers", value: { values: [2n ** 60n] } } },
      { name: "c", values: { case: "texts", value: { values: ["x"] } } },
    ],
  });
  expect(id).toBe("mine");
  expect(columns.map(({ name, values }) => [name, values])).toEqual([
    ["a", { kind: "numbers", values: [1.5] }],
    ["b", { kind: "integers", values: [2n ** 60n] }],
    ["c", { kind: "texts", values: ["x"] }],
  ]);
  expect(columns.map(({ nulls }) => [...nulls])).toEqual([[1], [], []]);
});

test("refuses a column without values and bytes that are no such message", () => {
  expect(() => decode({ columns: [{ name: "a" }] })).toThrow('feature "a" has no values');
  expect(() => decodePredictRequest(Uint8Array.of(10, 9))).toThrow("not a PredictRequest");
});
