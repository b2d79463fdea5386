import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type Feature, FeatureSchema } from "#gen/sluice/control/v1/model_pb.ts";
import { cellOfJson, checkFeatureNames, parseCell, toColumns } from "./cells.ts";

function feature(name: string, datatype: string): Feature {
  return create(FeatureSchema, {
    name,
    datatype,
    type: datatype === "BYTES" ? "category" : "number",
  });
}

describe("a cell", () => {
  it.each([
    ["BYTES", "3", "3"],
    ["BYTES", "", ""],
    ["FP32", " 1.5 ", 1.5],
    ["FP32", "-inf", Number.NEGATIVE_INFINITY],
    ["FP64", "nan", Number.NaN],
    ["FP32", "", null],
    ["BOOL", "TRUE", 1],
    ["INT64", "41", 41],
    ["INT64", "9007199254740993", 9007199254740993n],
  ])("of %s written %j is %s", (datatype, text, cell) => {
    expect(parseCell(feature("x", datatype), text)).toEqual(cell);
  });

  it.each([
    ["FP32", "much", /feature "x" takes a number, got "much"/],
    ["INT64", "1e300", /takes a whole number/],
    ["INT64", "9223372036854775808", /at most 64 bits/],
  ])("of %s written %j is refused", (datatype, text, message) => {
    expect(() => parseCell(feature("x", datatype), text)).toThrow(message);
  });

  it("from JSON is read as the feature's data type", () => {
    expect(cellOfJson(feature("x", "BYTES"), 3)).toBe("3");
    expect(cellOfJson(feature("x", "FP32"), true)).toBe(1);
    expect(cellOfJson(feature("x", "FP32"), "0.5")).toBe(0.5);
    expect(cellOfJson(feature("x", "FP32"), null)).toBeNull();
    expect(() => cellOfJson(feature("x", "FP32"), [1])).toThrow(/takes one value/);
  });
});

describe("names of features", () => {
  const features = [feature("income", "FP32"), feature("home", "BYTES")];

  it("that are unknown are told with the one that was meant", () => {
    expect(() => checkFeatureNames(features, ["incme"])).toThrow(/Did you mean "income"\?/);
  });

  it("may not stand twice", () => {
    expect(() => checkFeatureNames(features, ["home", "home"])).toThrow(/"home" is given twice/);
  });
});

describe("columns", () => {
  const features = [
    feature("home", "BYTES"),
    feature("income", "FP32"),
    feature("id", "INT64"),
    feature("age", "FP32"),
  ];

  it("carry texts, numbers and exact integers, mark what is missing, leave out the rest", () => {
    const columns = toColumns(features, [
      ["3", 1.5, 9007199254740993n, null],
      ["own", null, 7, null],
    ]);
    expect(
      columns.map(({ name, values, nulls }) => [name, values.value?.values, [...nulls]]),
    ).toEqual([
      ["home", ["3", "own"], []],
      ["income", [1.5, 0], [0b10]],
      ["id", [9007199254740993n, 7n], []],
    ]);
  });

  it("tell how many rows there are when nothing is given at all", () => {
    const blank = [null, null, null, null];
    const columns = toColumns(features.slice(1), [blank, blank]);
    expect(columns.map(({ name, nulls }) => [name, [...nulls]])).toEqual([["income", [0b11]]]);
  });
});
