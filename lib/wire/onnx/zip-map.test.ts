import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { NodeProtoSchema } from "#gen/onnx/onnx_pb.ts";
import { readDeclaration } from "./value-info.ts";
import { cutZipMap } from "./zip-map.ts";

const encode = (text: string) => new TextEncoder().encode(text);

it("puts an Identity in the place of a ZipMap and keeps the classes' names", () => {
  const cut = cutZipMap(
    zipMap([{ name: "classlabels_strings", strings: ["no", "yés"].map(encode) }]),
  );
  expect(cut).toMatchObject({ output: "p", labels: ["no", "yés"] });
  const node = fromBinary(NodeProtoSchema, cut?.node ?? new Uint8Array());
  expect(node).toMatchObject({ opType: "Identity", domain: "", input: ["s"], output: ["p"] });
  expect(cut && readDeclaration(cut.value)).toEqual({
    kind: "tensor",
    tensor: { name: "p", dtype: "FP32", shape: [-1, 2] },
  });
});

it("names classes that are integers by their digits", () => {
  const cut = cutZipMap(zipMap([{ name: "classlabels_int64s", ints: [0n, 7n, -1n] }]));
  expect(cut?.labels).toEqual(["0", "7", "-1"]);
});

it("leaves other nodes and ZipMaps without classes alone", () => {
  expect(cutZipMap(zipMap([]))).toBeUndefined();
  const node = create(NodeProtoSchema, { opType: "Relu", input: ["a"], output: ["b"] });
  expect(cutZipMap(toBinary(NodeProtoSchema, node))).toBeUndefined();
  expect(cutZipMap(new Uint8Array())).toBeUndefined();
});

function zipMap(
  attribute: { name: string; strings?: Uint8Array[]; ints?: bigint[] }[],
): Uint8Array {
  const node = create(NodeProtoSchema, {
    opType: "ZipMap",
    domain: "ai.onnx.ml",
    input: ["s"],
    output: ["p"],
    attribute,
  });
  return toBinary(NodeProtoSchema, node);
}
