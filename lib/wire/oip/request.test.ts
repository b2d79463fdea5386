import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "#core/failure.ts";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { decodeInferRequest } from "./request.ts";

type Init = MessageInitShape<typeof ModelInferRequestSchema>;

function decode(init: Init) {
  return decodeInferRequest(
    toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init)),
  );
}

function refusal(init: Init): string {
  try {
    decode(init);
  } catch (error) {
    if (error instanceof Failure) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

function raw(datatype: string, shape: number[], bytes: number[]): Init {
  return {
    inputs: [{ name: "x", datatype, shape: shape.map(BigInt) }],
    rawInputContents: [Uint8Array.from(bytes)],
  };
}

type Contents = NonNullable<NonNullable<Init["inputs"]>[number]["contents"]>;

function typed(datatype: string, shape: number[], contents: Contents): Init {
  return { inputs: [{ name: "x", datatype, shape: shape.map(BigInt), contents }] };
}

describe("reads raw contents", () => {
  test("of every data type", () => {
    const ones = new Uint8Array(8).fill(1);
    const expected = {
      BOOL: Uint8Array.of(1),
      UINT8: Uint8Array.of(1),
      INT8: Int8Array.of(1),
      UINT16: Uint16Array.of(0x101),
      INT16: Int16Array.of(0x101),
      FP16: Uint16Array.of(0x101),
      UINT32: Uint32Array.of(0x1010101),
      INT32: Int32Array.of(0x1010101),
      FP32: new Float32Array(ones.slice(0, 4).buffer),
      UINT64: BigUint64Array.of(0x101010101010101n),
      INT64: BigInt64Array.of(0x101010101010101n),
      FP64: new Float64Array(ones.slice(0, 8).buffer),
    };
    for (const [datatype, data] of Object.entries(expected)) {
      const request = decode(raw(datatype, [1], new Array(data.byteLength).fill(1)));
      expect(request.inputs).toEqual([{ name: "x", dtype: datatype, shape: [1], data }]);
    }
  });

  test("of texts, keeping a byte order mark and empty texts", () => {
    const bytes = [0, 0, 0, 0, 3, 0, 0, 0, 0xef, 0xbb, 0xbf, 2, 0, 0, 0, 0xc3, 0xa4];
    expect(decode(raw("BYTES", [3], bytes)).inputs[0]?.data).toEqual(["", "\ufeff", "ä"]);
  });

  test("with NaN and infinities as data", () => {
    const values = Float64Array.of(Number.NaN, Infinity, -Infinity);
    const bytes = [...new Uint8Array(values.buffer)];
    expect(decode(raw("FP64", [3], bytes)).inputs[0]?.data).toEqual(values);
  });

  test("into memory of their own", () => {
    const bytes = toBinary(
      ModelInferRequestSchema,
      create(ModelInferRequestSchema, raw("FP32", [1], [0, 0, 128, 63])),
    );
    const { data } = decodeInferRequest(bytes).inputs[0] ?? { data: [] };
    bytes.fill(0);
    expect(data).toEqual(Float32Array.of(1));
  });
});

describe("leaves the values of a single input where they are", () => {
  const bytesOf = (init: Init) =>
    Uint8Array.from(toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init)));

  test("when the memory is the request's own, aligned", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.double(), { minLength: 1 }), (id, values) => {
        const data = Float64Array.from(values);
        const shape = [BigInt(data.length)];
        const bytes = bytesOf({
          id,
          inputs: [{ name: "x", datatype: "FP64", shape }],
          rawInputContents: [new Uint8Array(data.buffer)],
        });
        const request = decodeInferRequest(bytes, { own: true });
        expect(request).toMatchObject({ id, isView: true });
        expect(request.inputs[0]?.data).toEqual(data);
        const kept = request.inputs[0]?.data as Float64Array | undefined;
        expect(kept?.buffer).toBe(bytes.buffer);
      }),
    );
  });

  test("but not those of several, nor texts, nor typed ones", () => {
    const one = { name: "x", datatype: "INT8", shape: [1n] };
    const raw = Uint8Array.of(7);
    const several = { inputs: [one, one], rawInputContents: [raw, raw] };
    const texts = {
      inputs: [{ ...one, datatype: "BYTES" }],
      rawInputContents: [new Uint8Array(4)],
    };
    const contents = { inputs: [{ ...one, contents: { intContents: [7] } }] };
    for (const init of [several, texts, contents]) {
      expect(decodeInferRequest(bytesOf(init), { own: true }).isView).toBe(false);
    }
    const viewed = bytesOf({ inputs: [one], rawInputContents: [raw] });
    expect(decodeInferRequest(viewed).isView).toBe(false);
  });
});

describe("reads typed contents", () => {
  test.each([
    ["BOOL", { boolContents: [true, false] }, Uint8Array.of(1, 0)],
    ["INT8", { intContents: [-128, 127] }, Int8Array.of(-128, 127)],
    ["INT16", { intContents: [-32768, 32767] }, Int16Array.of(-32768, 32767)],
    ["INT32", { intContents: [-(2 ** 31), 5] }, Int32Array.of(-(2 ** 31), 5)],
    ["INT64", { int64Contents: [-(2n ** 63n), 5n] }, BigInt64Array.of(-(2n ** 63n), 5n)],
    ["UINT8", { uintContents: [0, 255] }, Uint8Array.of(0, 255)],
    ["UINT16", { uintContents: [0, 65535] }, Uint16Array.of(0, 65535)],
    ["UINT32", { uintContents: [0, 2 ** 32 - 1] }, Uint32Array.of(0, 2 ** 32 - 1)],
    ["UINT64", { uint64Contents: [0n, 2n ** 64n - 1n] }, BigUint64Array.of(0n, 2n ** 64n - 1n)],
    ["FP32", { fp32Contents: [0.1, Number.NaN] }, Float32Array.of(0.1, Number.NaN)],
    ["FP64", { fp64Contents: [0.1, -Infinity] }, Float64Array.of(0.1, -Infinity)],
    ["BYTES", { bytesContents: [new TextEncoder().encode("ä"), new Uint8Array()] }, ["ä", ""]],
  ] as const)("of %s", (datatype, contents, data) => {
    const request = decode(typed(datatype, [2], contents as unknown as Contents));
    expect(request.inputs[0]).toEqual({ name: "x", dtype: datatype, shape: [2], data });
  });

  test("of an empty tensor, which has none", () => {
    expect(decode(typed("FP32", [0, 4], {})).inputs[0]?.data).toEqual(new Float32Array(0));
    expect(decode(typed("FP16", [0], {})).inputs[0]?.data).toEqual(new Uint16Array(0));
  });
});

test("gives back the id and the outputs asked for", () => {
  const request = decode({ id: "a", outputs: [{ name: "p" }, { name: "q" }] });
  expect(request.id).toBe("a");
  expect(request.outputs).toEqual(["p", "q"]);
});

describe("refuses, naming the input, what was expected and what came", () => {
  test.each<[string, Init, string]>([
    [
      "too few bytes",
      raw("FP32", [1, 2], [0, 0, 0, 0, 0, 0, 0]),
      "expected 8 bytes for FP32 [1,2], got 7",
    ],
    ["too many bytes", raw("FP32", [1], [0, 0, 0, 0, 0]), "expected 4 bytes for FP32 [1], got 5"],
    ["a BOOL that is neither", raw("BOOL", [2], [1, 2]), "a BOOL is 0 or 1, but element 1 is 2"],
    [
      "a text cut short",
      raw("BYTES", [1], [9, 0, 0, 0, 65]),
      "element 0 says it has 9 bytes, 1 are left",
    ],
    [
      "lengths cut short",
      raw("BYTES", [2], [1, 0, 0, 0]),
      "needs at least 8 bytes for its lengths, got 4",
    ],
    [
      "a missing text",
      raw("BYTES", [2], [4, 0, 0, 0, 1, 1, 1, 1]),
      "data ends before element 1 of 2",
    ],
    [
      "bytes after the last text",
      raw("BYTES", [1], [0, 0, 0, 0, 7]),
      "1 bytes follow the last of 1 elements",
    ],
    ["invalid UTF-8", raw("BYTES", [1], [1, 0, 0, 0, 0xff]), "element 0 is not valid UTF-8"],
    ["a NUL", raw("BYTES", [1], [1, 0, 0, 0, 0]), "element 0 contains a NUL character"],
    ["an unknown type", raw("BF16", [1], [0, 0]), 'datatype "BF16" is not one of BOOL, UINT8'],
    [
      "an open dimension",
      raw("FP32", [-1], [0, 0, 0, 0]),
      "every dimension must be given, got [-1]",
    ],
    ["a huge shape", raw("FP32", [2 ** 31 - 1, 2 ** 31 - 1], []), "larger than any data"],
    ["a huge dimension", raw("FP32", [0, 2 ** 31], []), "larger than any data"],
    ["countless rows of nothing", raw("FP32", [2 ** 31 - 1, 0], []), "at most 65536"],
    ["a product beyond memory", raw("BYTES", [2 ** 31 - 1, 2 ** 20], []), "needs at least"],
    [
      "too many dimensions",
      raw("FP32", new Array(33).fill(1), [0, 0, 0, 0]),
      "shape has 33 dimensions",
    ],
    ["no data", typed("FP32", [2], {}), "no data given"],
    [
      "a wrong count",
      typed("FP32", [2], { fp32Contents: [1] }),
      "expected 2 elements for FP32 [2], got 1",
    ],
    [
      "a wrong field",
      typed("FP32", [1], { fp64Contents: [1] }),
      "FP32 is expected in fp32_contents, got fp64_contents",
    ],
    [
      "a value too large",
      typed("INT8", [2], { intContents: [1, 128] }),
      "element 1 is 128, outside INT8's -128 to 127",
    ],
    ["typed FP16", typed("FP16", [1], { fp32Contents: [1] }), "FP16 has no typed form"],
    [
      "both forms",
      { ...typed("FP32", [1], { fp32Contents: [1] }), rawInputContents: [new Uint8Array(4)] },
      "typed contents must not be given together with raw_input_contents",
    ],
  ])("%s", (_, init, problem) => {
    expect(refusal(init)).toMatch(/^invalid-argument: input "x": /);
    expect(refusal(init)).toContain(problem);
  });

  test("a number of raw contents that is not the number of inputs", () => {
    const init = { ...raw("FP32", [1], [0, 0, 0, 0]), rawInputContents: [] };
    const two = [new Uint8Array(4), new Uint8Array(4)];
    expect(refusal({ ...init, rawInputContents: two })).toBe(
      "invalid-argument: expected 1 raw_input_contents, one for each input, got 2",
    );
  });

  test("bytes that are no such message", () => {
    expect(() => decodeInferRequest(Uint8Array.of(10, 200, 1))).toThrow("not a ModelInferRequest");
    expect(() => decodeInferRequest(Uint8Array.of(26, 1, 0xff))).toThrow("not a ModelInferRequest");
  });
});

test("fails on any bytes with a Failure or not at all", () => {
  const message = raw("BYTES", [2], [1, 0, 0, 0, 65, 0, 0, 0, 0]);
  const valid = toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, message));
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.nat(255), (at, value) => {
      const bytes = valid.slice();
      bytes[at] = value;
      try {
        decodeInferRequest(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 2000 },
  );
});
