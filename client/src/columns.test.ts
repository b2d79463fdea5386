import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  columnsOfRecords,
  type FeatureColumns,
  type FeatureValue,
  toWireColumns,
  valuesOf,
} from "./columns.ts";
import { ColumnSchema } from "./gen/sluice/predict/v1/predict_pb.ts";

function roundTrip(columns: FeatureColumns): Record<string, unknown> {
  const wire = toWireColumns(columns).columns.map((column) => create(ColumnSchema, column));
  return Object.fromEntries(wire.map((column) => [column.name, valuesOf(column)]));
}

it("makes columns of records, with nulls where one lacks a name", () => {
  expect(columnsOfRecords([{ a: 1 }, { b: "x", a: null }, {}])).toEqual({
    a: [1, null, null],
    b: [null, "x", null],
  });
});

it("sends and reads back numbers, texts and integers, with what is missing", () => {
  const value = fc.option(fc.double(), { nil: null });
  const text = fc.option(fc.string(), { nil: null });
  const integer = fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { nil: null });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, text, integer), { minLength: 1 }), (rows) => {
      const columns = Object.fromEntries(
        ["n", "t", "i"].map((name, index) => [name, rows.map((row) => row[index] as FeatureValue)]),
      );
      const filled = Object.entries(columns).filter(([, list]) => list.some((one) => one !== null));
      const expected = filled.length > 0 ? Object.fromEntries(filled) : { n: columns["n"] };
      expect(roundTrip(columns)).toEqual(expected);
    }),
  );
});

it("takes booleans for numbers, and whole numbers beside bigints for integers", () => {
  expect(roundTrip({ a: [true, 0], b: [1n, 2] })).toEqual({ a: [1, 0], b: [1n, 2n] });
});

it("takes typed arrays", () => {
  const columns = { f: Float32Array.of(1.5), i: Int32Array.of(-1), b: BigInt64Array.of(2n ** 60n) };
  expect(roundTrip(columns)).toEqual({ f: [1.5], i: [-1], b: [2n ** 60n] });
});

it.each([
  [{ a: [1], b: [1, 2] }, 'feature "b" has 2 values, "a" 1'],
  [{}, "there are no rows to predict"],
  [{ a: [1, "x"] }, 'feature "a" has both texts and numbers, first in row 1'],
  [{ a: [1n, 1.5] }, 'feature "a" has 64-bit integers and 1.5, which is none'],
  [{ a: [[1]] as never }, 'feature "a", row 0: object is no value'],
])("refuses %o", (columns, message) => {
  expect(() => toWireColumns(columns as FeatureColumns)).toThrow(message);
});
