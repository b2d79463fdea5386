import { create, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { dtypes, onnxOfDtype } from "#core/tensor/dtype.ts";
import { type TypeProto, ValueInfoProtoSchema } from "#gen/onnx/onnx_pb.ts";
import { readDeclaration } from "./value-info.ts";

it.each(dtypes)("reads an input of %s", (dtype) => {
  const declared = readDeclaration(tensor(onnxOfDtype(dtype), [{ case: "dimValue", value: 3n }]));
  expect(declared).toEqual({ kind: "tensor", tensor: { name: "x", dtype, shape: [3] } });
});

it("takes named, unnamed and negative lengths for any length, and 0 for none", () => {
  const dims = [
    { case: "dimParam" as const, value: "N" },
    { case: undefined },
    { case: "dimValue" as const, value: -1n },
    { case: "dimValue" as const, value: 0n },
  ];
  expect(readDeclaration(tensor(1, dims))).toMatchObject({ tensor: { shape: [-1, -1, -1, 0] } });
});

it("tells a scalar from a tensor whose shape nobody declared", () => {
  expect(readDeclaration(tensor(1, []))).toMatchObject({ tensor: { shape: [] } });
  const unknown = declare({ case: "tensorType", value: { elemType: 1 } as never });
  expect(readDeclaration(unknown)).toMatchObject({ tensor: { shape: undefined } });
});

const element = { value: { case: "tensorType", value: { elemType: 1 } } };
const map = { value: { case: "mapType", value: { keyType: 7, valueType: element } } };

it.each([
  ["is BF16", { case: "tensorType", value: { elemType: 16 } }],
  ["has the ONNX element type 14", { case: "tensorType", value: { elemType: 14 } }],
  ["declares no element type", { case: "tensorType", value: {} }],
  ["is a sequence", { case: "sequenceType", value: { elemType: element } }],
  ["is a sequence of maps", { case: "sequenceType", value: { elemType: map } }],
  ["is a map", map.value],
  ["is optional", { case: "optionalType", value: { elemType: element } }],
  ["is a sparse tensor", { case: "sparseTensorType", value: { elemType: 1 } }],
  ["is of an opaque type", { case: "opaqueType", value: {} }],
  ["declares no type", undefined],
])("refuses what %s", (reason, type) => {
  expect(readDeclaration(declare(type as TypeProto["value"]))).toEqual({ kind: "refused", reason });
});

function tensor(elemType: number, dims: object[]): Uint8Array {
  const shape = { dim: dims.map((value) => ({ value })) };
  return declare({ case: "tensorType", value: { elemType, shape } as never });
}

function declare(value: TypeProto["value"] | undefined): Uint8Array {
  const type = value === undefined ? {} : { type: { value } };
  return toBinary(
    ValueInfoProtoSchema,
    create(ValueInfoProtoSchema, { name: "x", ...type } as never),
  );
}
