import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { countRawInputs } from "./raw-inputs.ts";

type Init = MessageInitShape<typeof ModelInferRequestSchema>;
type Input = NonNullable<Init["inputs"]>[number];

const numbers: Input = { name: "x", datatype: "FP32", shape: [2n] };
const raw = new Uint8Array(8);

function count(init: Init): number | undefined {
  return countRawInputs(toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init)));
}

test("counts inputs of raw numbers", () => {
  const described = { modelName: "m", id: "1", outputs: [{ name: "y" }] };
  expect(count({ ...described, inputs: [numbers], rawInputContents: [raw] })).toBe(1);
  expect(count({ inputs: [numbers, numbers], rawInputContents: [raw, raw] })).toBe(2);
});

test.each<[string, Init]>([
  ["texts", { inputs: [{ ...numbers, datatype: "BYTES" }], rawInputContents: [raw] }],
  ["booleans", { inputs: [{ ...numbers, datatype: "BOOL" }], rawInputContents: [raw] }],
  ["typed contents", { inputs: [{ ...numbers, contents: { fp32Contents: [1, 2] } }] }],
  ["one of two", { inputs: [numbers, { ...numbers, datatype: "BOOL" }] }],
  ["many fields", { inputs: Array.from({ length: 100 }, () => numbers) }],
])("does not count %s", (_, init) => {
  expect(count(init)).toBeUndefined();
});

test("does not count what makes no sense", () => {
  expect(countRawInputs(Uint8Array.of(0x2a, 100, 1))).toBeUndefined();
});
