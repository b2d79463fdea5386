import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { ModelInferResponseSchema } from "./gen/inference/grpc_service_pb.ts";
import { type Tensor, toInferRequest, toInferResult } from "./tensors.ts";

const tensors: Tensor[] = [
  { name: "a", datatype: "FP32", shape: [2, 1], data: Float32Array.of(1.5, -2) },
  { name: "b", datatype: "INT64", shape: [1], data: BigInt64Array.of(-(2n ** 60n)) },
  { name: "c", datatype: "BYTES", shape: [3], data: ["", "café", "x"] },
  { name: "d", datatype: "BOOL", shape: [2], data: Uint8Array.of(1, 0) },
  { name: "e", datatype: "FP64", shape: [0], data: new Float64Array() },
];

it("reads back what it wrote, from bytes that are not aligned", () => {
  const request = toInferRequest({ model: "m", version: 2, inputs: tensors, outputs: ["y"] });
  expect(request).toMatchObject({ modelName: "m", modelVersion: "2", outputs: [{ name: "y" }] });
  const shifted = request.rawInputContents.map((raw) => {
    return Uint8Array.from([0, ...raw]).subarray(1);
  });
  const outputs = request.inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  const message = { modelName: "m", modelVersion: "2", outputs, rawOutputContents: shifted };
  const { outputs: read } = toInferResult(create(ModelInferResponseSchema, message));
  expect(read).toEqual(tensors);
});

it("reads typed contents", () => {
  const contents = { intContents: [1, -2] };
  const outputs = [{ name: "y", datatype: "INT8", shape: [2n], contents }];
  const { outputs: read } = toInferResult(create(ModelInferResponseSchema, { outputs }));
  expect(read[0]?.data).toEqual(Int8Array.of(1, -2));
});

it("sends parameters of every kind", () => {
  const parameters = { a: true, b: 3, c: 1.5, d: "x", e: 2n ** 60n };
  const request = toInferRequest({ model: "m", inputs: [], parameters });
  const sent = Object.entries(request.parameters).map(([name, { parameterChoice }]) => {
    return [name, parameterChoice.case];
  });
  const kinds = ["boolParam", "int64Param", "doubleParam", "stringParam", "int64Param"];
  expect(sent).toEqual([..."abcde"].map((name, index) => [name, kinds[index]]));
});

it.each([
  [{ datatype: "FP32", shape: [3], data: Float32Array.of(1) }, "takes 3 values, got 1"],
  [{ datatype: "FP32", shape: [1], data: Float64Array.of(1) }, "of FP32 takes Float32Array"],
  [{ datatype: "BYTES", shape: [1], data: Uint8Array.of(1) }, "takes an array of texts"],
  [{ datatype: "BF16", shape: [1], data: Uint8Array.of(1) }, "takes a known datatype"],
])("refuses %o", (tensor, message) => {
  const inputs = [{ name: "a", ...tensor } as Tensor];
  expect(() => toInferRequest({ model: "m", inputs })).toThrow(message);
});

it("does not read past the end of cut texts", () => {
  const outputs = [{ name: "y", datatype: "BYTES", shape: [1n] }];
  const rawOutputContents = [Uint8Array.of(9, 0, 0, 0, 65)];
  const reply = create(ModelInferResponseSchema, { outputs, rawOutputContents });
  expect(() => toInferResult(reply)).toThrow("cut short");
});
