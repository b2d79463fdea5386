import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure } from "#core/failure.ts";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { joinBytes, lengthDelimited } from "../encode-fields.ts";
import { decodeInferRequest } from "./request.ts";

type Init = MessageInitShape<typeof ModelInferRequestSchema>;
type Input = NonNullable<Init["inputs"]>[number];

function encode(init: Init): Uint8Array {
  return toBinary(ModelInferRequestSchema, create(ModelInferRequestSchema, init));
}

describe("merges as protobuf demands", () => {
  const x = { name: "x", datatype: "INT64" };

  test("values and dimensions in pieces, packed and not", () => {
    // shape: 2 unpacked, then [2] packed; contents: 5 packed, 6 unpacked, then 7 and 8 in a second
    // piece.
    const first = joinBytes(lengthDelimited(3, Uint8Array.of(5)), Uint8Array.of(0x18, 6));
    const second = lengthDelimited(3, Uint8Array.of(7, 8));
    const input = joinBytes(
      lengthDelimited(5, first),
      Uint8Array.of(0x18, 2),
      lengthDelimited(1, "y"),
      lengthDelimited(2, "INT64"),
      lengthDelimited(5, second),
      lengthDelimited(3, Uint8Array.of(2)),
      lengthDelimited(1, "x"),
    );
    const { inputs } = decodeInferRequest(lengthDelimited(5, input));
    const data = BigInt64Array.of(5n, 6n, 7n, 8n);
    expect(inputs).toEqual([{ name: "x", dtype: "INT64", shape: [2, 2], data }]);
  });

  test("the last of a name, and one that follows the tensors", () => {
    const tensors = encode({
      id: "first",
      inputs: [{ ...x, shape: [1n], contents: { int64Contents: [1n] } }],
    });
    const bytes = joinBytes(tensors, encode({ modelName: "m", id: "last" }));
    expect(decodeInferRequest(bytes)).toMatchObject({ id: "last", inputs: [{ name: "x" }] });
  });

  test("numbers longer than they need be and of more bits than are kept", () => {
    const minusOne = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1);
    const one = Uint8Array.of(0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0);
    const input = joinBytes(
      encodeInput({ name: "x", datatype: "INT32", shape: [2n] }),
      lengthDelimited(5, lengthDelimited(2, joinBytes(minusOne, one))),
    );
    const { inputs } = decodeInferRequest(lengthDelimited(5, input));
    expect(inputs[0]?.data).toEqual(Int32Array.of(-1, 1));
  });
});

function encodeInput(input: Input): Uint8Array {
  const bytes = encode({ inputs: [input] });
  // Without the tag and the length, one byte each.
  return bytes.subarray(2);
}

function refusal(bytes: Uint8Array): string {
  try {
    decodeInferRequest(bytes);
  } catch (error) {
    if (error instanceof Failure) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("refuses hostile bytes with a Failure", () => {
  const valid = encode({
    inputs: [{ name: "x", datatype: "INT8", shape: [2n], contents: { intContents: [1, -1] } }],
  });
  const groups = (depth: number) => {
    const starts = new Uint8Array(depth).fill(0x7b);
    return joinBytes(starts, new Uint8Array(depth).fill(0x7c));
  };

  test.each<[string, Uint8Array, string]>([
    ["a length of 2 GiB", Uint8Array.of(0x2a, 255, 255, 255, 255, 7), "2147483647 bytes announced"],
    [
      "a length of 64 bits",
      Uint8Array.of(0x2a, 255, 255, 255, 255, 255, 1),
      "a tag or length of more",
    ],
    ["an endless number", new Uint8Array(12).fill(255), "a number of more than 10 bytes"],
    ["field number 0", Uint8Array.of(2, 0), "field number 0"],
    ["a name that is a number", Uint8Array.of(0x2a, 2, 8, 1), "name has wire type 0, expected 2"],
    ["an end without a group", Uint8Array.of(0x7c), "wire type 4"],
    ["deep groups", groups(40), "groups nested deeper than 16"],
    ["a group without end", Uint8Array.of(0x7b), "it ends inside a number"],
    [
      "halves of floats",
      lengthDelimited(5, lengthDelimited(5, lengthDelimited(6, Uint8Array.of(1, 2, 3)))),
      "3 bytes of fp32_contents, 4 for each",
    ],
    [
      "half a number",
      lengthDelimited(5, lengthDelimited(5, lengthDelimited(2, Uint8Array.of(128)))),
      "int_contents ends inside a number",
    ],
  ])("%s", (_, bytes, problem) => {
    expect(refusal(bytes)).toContain(`not a ModelInferRequest: ${problem}`);
  });

  test("more tensors, or unknown fields, than anybody sends", () => {
    const fields = 2 ** 20 + 1;
    const tensors = new Uint8Array(2 * fields).map((_, index) => (index % 2 === 0 ? 0x2a : 0));
    expect(refusal(tensors)).toContain("more than 1048576 elements one by one");
    const unknown = new Uint8Array(2 * fields).fill(0x78);
    expect(refusal(unknown)).toContain("more than 1048576 elements one by one");
  });

  test("messages cut short anywhere", () => {
    for (let length = 1; length < valid.length; length += 1) {
      expect(refusal(valid.subarray(0, length))).toMatch(/^invalid-argument: /);
    }
  });

  test("any change of any byte", () => {
    const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(changes, (drawn) => {
        const bytes = valid.slice();
        for (const [at, value] of drawn) bytes[at] = value;
        // Anything that is no Failure is thrown on.
        refusal(bytes);
      }),
      { numRuns: 3000 },
    );
  });

  test("any bytes at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void refusal(bytes)),
      { numRuns: 3000 },
    );
  });
});
