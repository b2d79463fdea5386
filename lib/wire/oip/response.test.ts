import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { allocate, dtypes, packedBytes } from "#core/tensor/dtype.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { ModelInferResponseSchema } from "#gen/inference/grpc_service_pb.ts";
import { type InferResponse, InferResponseEncoder } from "./response.ts";

const numbers: Tensor = { name: "p", dtype: "FP32", shape: [2, 1], data: Float32Array.of(1, 2) };
const texts: Tensor = { name: "q", dtype: "BYTES", shape: [2], data: ["ä", ""] };
const nothing: Tensor = { name: "r", dtype: "INT64", shape: [0], data: new BigInt64Array(0) };

function encoded(encoder: InferResponseEncoder, response: InferResponse) {
  return fromBinary(ModelInferResponseSchema, encoder.encode(response));
}

test("answers with raw contents, one for each output, in order", () => {
  const encoder = new InferResponseEncoder({ model: "m", version: 3 });
  const message = encoded(encoder, { id: "mine", outputs: [numbers, texts, nothing] });
  expect(message.modelName).toBe("m");
  expect(message.modelVersion).toBe("3");
  expect(message.id).toBe("mine");
  expect(message.parameters).toEqual({});
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

test("tells of the batch in parameters", () => {
  const encoder = new InferResponseEncoder({ model: "m", version: 3 });
  for (const batch of [
    { rows: 300, closedBy: "full" },
    { rows: 1, closedBy: "idle" },
  ]) {
    const { parameters } = encoded(encoder, { id: "", outputs: [numbers], batch });
    expect(parameters["sluice_batch_rows"]?.parameterChoice).toEqual({
      case: "int64Param",
      value: BigInt(batch.rows),
    });
    expect(parameters["sluice_batch_closed_by"]?.parameterChoice).toEqual({
      case: "stringParam",
      value: batch.closedBy,
    });
  }
});

test("any reply reads back as what it was made of", () => {
  const output = fc
    .record({
      name: fc.string({ unit: "grapheme" }),
      dtype: fc.constantFrom(...dtypes.filter((dtype) => dtype !== "BYTES")),
      shape: fc.array(fc.nat(40), { maxLength: 3 }),
    })
    .map(({ name, dtype, shape }): Tensor => {
      const elements = shape.reduce((product, dim) => product * dim, 1);
      return { name, dtype, shape, data: allocate(dtype, Math.min(elements, 3000)) };
    });
  const encoder = new InferResponseEncoder({ model: "m", version: 2 ** 31 - 1 });
  const id = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(id, fc.array(output, { maxLength: 4 }), (drawn, outputs) => {
      const message = encoded(encoder, { id: drawn, outputs, batch: { rows: 64, closedBy: "x" } });
      expect(message.id).toBe(drawn);
      expect(
        message.outputs.map(({ name, datatype, shape }) => [name, datatype, shape.map(Number)]),
      ).toEqual(outputs.map(({ name, dtype, shape }) => [name, dtype, shape]));
      expect(message.rawOutputContents.map((raw) => [...raw])).toEqual(
        outputs.map(({ data }) => (Array.isArray(data) ? [] : [...packedBytes(data)])),
      );
    }),
  );
});
