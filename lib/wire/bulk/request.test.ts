import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import {
  type BulkItem,
  BulkOpenSchema,
  PredictBulkRequestSchema,
  PredictRequestSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import { readBulkRequest } from "./request.ts";

const item = fc.record({
  case: fc.constant("item" as const),
  value: fc.record({
    number: fc.maxSafeNat().map(BigInt),
    rows: fc.oneof(
      fc.constant({ case: undefined }),
      fc.record({
        case: fc.constant("columns" as const),
        value: fc.record({ model: fc.string(), id: fc.string() }),
      }),
      fc.record({
        case: fc.constant("tensors" as const),
        value: fc.record({
          modelName: fc.string(),
          rawInputContents: fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 2 }),
        }),
      }),
    ),
  }),
});

const open = fc.record({
  case: fc.constant("open" as const),
  value: fc.record({
    model: fc.string(),
    ordered: fc.boolean(),
    resumeToken: fc.uint8Array({ maxLength: 30 }),
  }),
});

type Kind = typeof item | typeof open extends fc.Arbitrary<infer T> ? T : never;

it("reads what protobuf-es reads, whatever is repeated", () => {
  const kinds = fc.array(fc.oneof(item, open), { minLength: 1, maxLength: 4 });
  void fc.assert(fc.property(kinds, agreesWithDecoder));
});

function agreesWithDecoder(kinds: readonly Kind[]) {
  // Messages one after the other are one message in which what is repeated is merged.
  const bytes = Uint8Array.from(
    kinds.flatMap((kind) => [
      ...toBinary(PredictBulkRequestSchema, create(PredictBulkRequestSchema, { kind })),
    ]),
  );
  const { kind } = fromBinary(PredictBulkRequestSchema, bytes);
  const read = readBulkRequest(bytes);
  expect(read.kind).toBe(kind.case);
  if (read.kind === "open" && kind.case === "open") {
    expect(toBinary(BulkOpenSchema, read.open)).toEqual(toBinary(BulkOpenSchema, kind.value));
  }
  if (read.kind !== "item" || kind.case !== "item") return;
  expect(BigInt(read.item.number)).toBe(kind.value.number);
  expect(read.item.form).toBe(kind.value.rows.case);
  expect(rowsOf(read.item.form, Uint8Array.from(read.item.payload))).toEqual(kind.value.rows.value);
}

function rowsOf(form: BulkItem["rows"]["case"], payload: Uint8Array) {
  if (form === "columns") return fromBinary(PredictRequestSchema, payload);
  return form === "tensors" ? fromBinary(ModelInferRequestSchema, payload) : undefined;
}

it("accepts or refuses any bytes without any other error", () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        readBulkRequest(bytes);
      } catch (error) {
        expect(error).toMatchObject({ name: "Failure", code: "invalid-argument" });
      }
    }),
  );
});

it.each<[string, readonly number[], string]>([
  ["an empty message", [], "is an open or an item"],
  ["a length of 2 GB", [0x12, 0xff, 0xff, 0xff, 0xff, 0x07], "bytes announced, 0 left"],
  ["a number beyond 2^53", [0x12, 9, 0x08, ...Array(7).fill(255), 127], "more than 53 bits"],
  ["an item of the wrong wire type", [0x10, 0x01], "item has wire type 0, expected 2"],
  ["a thousand empty items", Array<number[]>(1_025).fill([0x12, 0x00]).flat(), "1024 fields"],
  [
    "many unknown fields",
    [0x7a, 0x81, 0x80, 0x04, ...Array<number>(65_537).fill(0)],
    "65536 bytes of unknown fields",
  ],
  [
    "an open of more bytes than one needs",
    [0x0a, 0x81, 0x80, 0x04, ...Array<number>(65_537).fill(0)],
    "the open of a bulk stream has 65537 bytes",
  ],
  ["an open that is none", [0x0a, 0x01, 0x0a], "the message is not a BulkOpen"],
])("refuses %s", (_, bytes, words) => {
  expect(() => readBulkRequest(Uint8Array.from(bytes))).toThrow(words);
});
