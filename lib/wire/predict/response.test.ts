import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { OutputSpec } from "#core/model/spec.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { encodePredictResponse } from "./response.ts";

function answer(predictions: OutputSpec[], outputs: Tensor[], rows: number) {
  const bytes = encodePredictResponse({
    ref: { model: "m", version: 2 },
    id: "mine",
    predictionId: "0190-uuid",
    rows,
    predictions,
    outputs,
  });
  return fromBinary(PredictResponseSchema, bytes);
}

const label: OutputSpec = { name: "label", output: "l", role: "label", labels: ["no", "yes"] };
const chances: OutputSpec = { ...label, name: "chances", output: "p", role: "probabilities" };
const value: OutputSpec = { name: "v", output: "v", role: "value", labels: [] };

test("answers labels as texts and probabilities by label", () => {
  const outputs: Tensor[] = [
    { name: "l", dtype: "INT64", shape: [2], data: BigInt64Array.of(1n, 0n) },
    { name: "p", dtype: "FP32", shape: [2, 2], data: Float32Array.of(0.25, 0.75, 1, 0) },
  ];
  const message = answer([label, chances], outputs, 2);
  expect(message).toMatchObject({
    model: "m",
    version: "2",
    id: "mine",
    predictionId: "0190-uuid",
    rows: 2,
  });
  expect(message.predictions.map(({ name, values }) => [name, values.value?.values])).toEqual([
    ["label", ["yes", "no"]],
    ["chances.no", [0.25, 1]],
    ["chances.yes", [0.75, 0]],
  ]);
});

test("keeps whole numbers that a double cannot hold", () => {
  const large: Tensor = {
    name: "v",
    dtype: "INT64",
    shape: [1],
    data: BigInt64Array.of(2n ** 60n + 1n),
  };
  const small: Tensor = { ...large, data: BigInt64Array.of(5n) };
  expect(answer([value], [large], 1).predictions[0]?.values.value?.values).toEqual([
    2n ** 60n + 1n,
  ]);
  expect(answer([value], [small], 1).predictions[0]?.values.value?.values).toEqual([5]);
});

test("tells of the batch, and of whole numbers of either sign", () => {
  const data = BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, -1n);
  const outputs: Tensor[] = [{ name: "v", dtype: "INT64", shape: [3], data }];
  const batch = { rows: 3, requests: 1, closedBy: "idle" };
  const bytes = encodePredictResponse({
    ...{ ref: { model: "m", version: 2 }, id: "", predictionId: "p", rows: 3 },
    ...{ predictions: [value], outputs, batch },
  });
  const message = fromBinary(PredictResponseSchema, bytes);
  expect(message.predictions[0]?.values.value?.values).toEqual([...data]);
  expect(message.batch).toMatchObject(batch);
});

test("refuses an output that has no reasonable columns", () => {
  const wide: Tensor = { name: "v", dtype: "FP32", shape: [1, 5000], data: new Float32Array(5000) };
  expect(() => answer([value], [wide], 1)).toThrow("has 5000 values a row, at most 4096");
  const odd: Tensor = { name: "v", dtype: "FP32", shape: [3], data: new Float32Array(3) };
  expect(() => answer([value], [odd], 2)).toThrow("does not have one value for each row");
});
