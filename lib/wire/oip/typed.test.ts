import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tensor } from "#core/tensor/tensor.ts";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import type { BadElement } from "./raw.ts";
import { decodeInferRequest } from "./request.ts";

type Init = MessageInitShape<typeof ModelInferRequestSchema>;
type Input = NonNullable<Init["inputs"]>[number];

function encode(init: Init): Uint8Array {
  return toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init));
}

function integers<Data>(
  datatype: string,
  range: readonly [number, number],
  field: "intContents" | "uintContents",
  from: (values: number[]) => Data,
) {
  const [min, max] = range;
  return fc
    .array(fc.integer({ min, max }), { minLength: 1, maxLength: 9 })
    .map((values) => ({ datatype, contents: { [field]: values }, data: from(values) }));
}

const bigints = (min: bigint, max: bigint) =>
  fc.array(fc.bigInt({ min, max }), { minLength: 1, maxLength: 9 });

/** Typed values of every kind, with what is to come out. */
const typed = fc.oneof(
  integers("INT8", [-128, 127], "intContents", (values) => Int8Array.from(values)),
  integers("INT16", [-32_768, 32_767], "intContents", (values) => Int16Array.from(values)),
  integers("INT32", [-(2 ** 31), 2 ** 31 - 1], "intContents", (all) => Int32Array.from(all)),
  integers("UINT8", [0, 255], "uintContents", (values) => Uint8Array.from(values)),
  integers("UINT32", [0, 2 ** 32 - 1], "uintContents", (values) => Uint32Array.from(values)),
  bigints(-(2n ** 63n), 2n ** 63n - 1n).map((values) => ({
    datatype: "INT64",
    contents: { int64Contents: values },
    data: BigInt64Array.from(values),
  })),
  bigints(0n, 2n ** 64n - 1n).map((values) => ({
    datatype: "UINT64",
    contents: { uint64Contents: values },
    data: BigUint64Array.from(values),
  })),
  fc.array(fc.float(), { minLength: 1, maxLength: 9 }).map((values) => ({
    datatype: "FP32",
    contents: { fp32Contents: values },
    data: Float32Array.from(values),
  })),
  fc.array(fc.double(), { minLength: 1, maxLength: 9 }).map((values) => ({
    datatype: "FP64",
    contents: { fp64Contents: values },
    data: Float64Array.from(values),
  })),
  fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }).map((values) => ({
    datatype: "BOOL",
    contents: { boolContents: values },
    data: Uint8Array.from(values, Number),
  })),
);

test("typed contents come out as protobuf-es wrote them", () => {
  const name = fc.string({ unit: "grapheme", maxLength: 40 });
  fc.assert(
    fc.property(fc.array(fc.tuple(name, typed), { maxLength: 4 }), name, (drawn, id) => {
      const inputs = drawn.map(([each, { datatype, contents, data }]) => ({
        name: each,
        datatype,
        shape: [1n, BigInt(data.length)],
        contents: contents as NonNullable<Input["contents"]>,
        parameters: { mine: { parameterChoice: { case: "stringParam" as const, value: each } } },
      }));
      const outputs = drawn.map(([each]) => ({ name: each }));
      const request = decodeInferRequest(encode({ id, inputs, outputs, modelName: "m" }));
      expect(request.id).toBe(id);
      expect(request.outputs).toEqual(drawn.map(([each]) => each));
      const expected = drawn.map(
        ([each, { datatype, data }]): Tensor =>
          ({ name: each, dtype: datatype, shape: [1, data.length], data }) as Tensor,
      );
      expect(request.inputs).toEqual(expected);
    }),
  );
});

test("values outside the range of their type are noted where that is asked for", () => {
  const bad: BadElement[] = [];
  const input = { name: "x", datatype: "INT8", shape: [4n] };
  const bytes = encode({ inputs: [{ ...input, contents: { intContents: [1, 300, -3, -129] } }] });
  const data = decodeInferRequest(bytes, { bad }).inputs[0]?.data;
  expect([data?.[0], data?.[2]]).toEqual([1, -3]);
  expect(bad).toEqual([
    { input: "x", index: 1, problem: "element 1 is 300, outside INT8's -128 to 127" },
    { input: "x", index: 3, problem: "element 3 is -129, outside INT8's -128 to 127" },
  ]);
});

test("contents without values count as none", () => {
  const input = { name: "x", datatype: "FP32", shape: [1n], contents: {} };
  expect(() => decodeInferRequest(encode({ inputs: [input] }))).toThrow("no data given");
  const raw = encode({ inputs: [input], rawInputContents: [new Uint8Array(4)] });
  expect(decodeInferRequest(raw).inputs[0]?.data).toEqual(Float32Array.of(0));
});
