import { fromBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import type { Tensor } from "#core/tensor/tensor.ts";
import { ModelInferResponseSchema } from "#gen/inference/grpc_service_pb.ts";
import { encodeInferResponse } from "./response.ts";

const numbers: Tensor = { name: "p", dtype: "FP32", shape: [2, 1], data: Float32Array.of(1, 2) };
const texts: Tensor = { name: "q", dtype: "BYTES", shape: [2], data: ["ä", ""] };
const nothing: Tensor = { name: "r", dtype: "INT64", shape: [0], data: new BigInt64Array(0) };

test("answers with raw contents, one for each output, in order", () => {
  const bytes = encodeInferResponse({
    ref: { model: "m", version: 3 },
    id: "mine",
    outputs: [numbers, texts, nothing],
  });
  const message = fromBinary(ModelInferResponseSchema, bytes);
  expect(message.modelName).toBe("m");
  expect(message.modelVersion).toBe("3");
  expect(message.id).toBe("mine");
  expect(message.outputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual([
    ["p", "FP32", [2n, 1n]],
    ["q", "BYTES", [2n]],
    ["r", "INT64", [0n]],
  ]);
  expect(message.rawOutputContents.map((raw) => [...raw])).toEqual([
    [0, 0, 128, 63, 0, 0, 0, 64],
    [2, 0, 0, 0, 0xc3, 0xa4, 0, 0, 0, 0],
    [],
  ]);
});
