import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Failure } from "#core/failure.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { joinBytes, lengthDelimited } from "../encode-fields.ts";
import { decodePredictRequest } from "./request.ts";

function decode(init: MessageInitShape<typeof PredictRequestSchema>) {
  return decodePredictRequest(toBinary(PredictRequestSchema, create(PredictRequestSchema, init)));
}

test("reads columns of every kind", () => {
  const { id, columns } = decode({
    id: "mine",
    columns: [
      { name: "a", values: { case: "numbers", value: { values: [1.5] } }, nulls: Uint8Array.of(1) },
      { name: "b", values: { case: "integers", value: { values: [2n ** 60n] } } },
      { name: "c", values: { case: "texts", value: { values: ["x"] } } },
    ],
  });
  expect(id).toBe("mine");
  expect(columns.map(({ name, values }) => [name, values])).toEqual([
    ["a", { kind: "numbers", values: [1.5] }],
    ["b", { kind: "integers", values: [2n ** 60n] }],
    ["c", { kind: "texts", values: ["x"] }],
  ]);
  expect(columns.map(({ nulls }) => [...nulls])).toEqual([[1], [], []]);
});

test("refuses a column without values and bytes that are no such message", () => {
  expect(() => decode({ columns: [{ name: "a" }] })).toThrow('feature "a" has no values');
  expect(() => decodePredictRequest(Uint8Array.of(10, 9))).toThrow("not a PredictRequest");
});

const values = fc.oneof(
  fc.array(fc.double()).map((all) => ({ case: "numbers" as const, value: { values: all } })),
  fc
    .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }))
    .map((all) => ({ case: "integers" as const, value: { values: all } })),
  fc
    .array(fc.string({ unit: "grapheme" }))
    .map((all) => ({ case: "texts" as const, value: { values: all } })),
);

test("columns come out as protobuf-es wrote them", () => {
  const column = fc.record({
    name: fc.string({ unit: "grapheme" }),
    values,
    nulls: fc.uint8Array({ maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(column), (id, drawn) => {
      const request = decode({ id, columns: drawn, model: "m" });
      expect(request.id).toBe(id);
      expect(request.columns).toEqual(
        drawn.map(({ name, values: of, nulls }) => ({
          name,
          nulls: Uint8Array.from(nulls),
          values: { kind: of.case, values: of.value.values },
        })),
      );
    }),
  );
});

test("joins pieces of one kind, packed or not, and lets the last kind stand", () => {
  const one = new Uint8Array(new Float64Array([1]).buffer);
  const two = new Uint8Array(new Float64Array([2]).buffer);
  const packed = lengthDelimited(2, lengthDelimited(1, one));
  const unpacked = lengthDelimited(2, joinBytes(Uint8Array.of(9), two));
  const texts = lengthDelimited(4, lengthDelimited(1, "x"));
  const read = (...pieces: Uint8Array[]) =>
    decodePredictRequest(lengthDelimited(4, joinBytes(...pieces))).columns[0]?.values;
  expect(read(packed, unpacked)).toEqual({ kind: "numbers", values: [1, 2] });
  expect(read(packed, texts)).toEqual({ kind: "texts", values: ["x"] });
  expect(read(texts, packed)).toEqual({ kind: "numbers", values: [1] });
});

test("fails on any bytes with a Failure or not at all", () => {
  const columns = [
    { name: "a", values: { case: "numbers" as const, value: { values: [1, 2] } } },
    { name: "b", values: { case: "integers" as const, value: { values: [-5n, 2n ** 40n] } } },
    { name: "c", values: { case: "texts" as const, value: { values: ["ä"] } } },
  ];
  const valid = toBinary(PredictRequestSchema, create(PredictRequestSchema, { columns }));
  const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 });
  fc.assert(
    fc.property(changes, fc.nat(valid.length), (drawn, length) => {
      const bytes = valid.slice(0, length);
      for (const [at, value] of drawn) if (at < length) bytes[at] = value;
      try {
        decodePredictRequest(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 3000 },
  );
});
