import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FeatureSchema } from "#gen/sluice/control/v1/model_pb.ts";
import { toOutputColumns } from "./output-columns.ts";
import { readSpooled, spoolText } from "./spool.ts";
import { jsonOf, Time, textOf, toCell, type Value } from "./value.ts";
import { csvText } from "./write-text.ts";

const featureOf = (datatype: string) => create(FeatureSchema, { name: "x", datatype });

describe("a value as a cell", () => {
  it.each<[string, Value | undefined, unknown]>([
    ["FP32", "1.5", 1.5],
    ["FP32", "", null],
    ["FP32", undefined, null],
    ["FP32", true, 1],
    ["FP32", 2n ** 60n, 2 ** 60],
    ["INT64", "9007199254740993", 9007199254740993n],
    ["INT64", 9007199254740993n, 9007199254740993n],
    ["INT64", 5n, 5],
    ["INT64", true, 1],
    ["INT64", 1e18, 10n ** 18n],
    ["UINT64", 2n ** 63n - 1n, 2n ** 63n - 1n],
    ["BYTES", "rent", "rent"],
    ["BYTES", "", null],
    ["BYTES", 7n, "7"],
  ])("of %s, %o is %o", (datatype, value, cell) => {
    expect(toCell(featureOf(datatype), value)).toEqual(cell);
  });

  it.each<[Value, RegExp]>([
    ["old", /takes a number, got "old"/],
    [[1], /takes one value/],
    [new Time(0n, "days"), /got the time 1970-01-01/],
  ])("refuses %o", (value, message) => {
    expect(() => toCell(featureOf("FP32"), value)).toThrow(message);
  });
});

describe("a value of an integer feature", () => {
  it.each<[string, Value, RegExp]>([
    ["INT64", 10n ** 20n, /at most 64 bits with its sign, got "100000000000000000000"/],
    ["INT64", -(2n ** 63n) - 1n, /at most 64 bits/],
    ["UINT64", 2n ** 63n, /at most 64 bits/],
    ["INT64", 1e20, /at most 64 bits/],
    ["INT64", 1.5, /takes a whole number, got "1.5"/],
    ["UINT64", Number.NaN, /takes a whole number/],
  ])("of %s, %o is refused", (datatype, value, message) => {
    expect(() => toCell(featureOf(datatype), value)).toThrow(message);
  });
});

it.each([
  [0n, "days", "1970-01-01"],
  [-1n, "days", "1969-12-31"],
  [1_764_093_600_123n, "ms", "2025-11-25T18:00:00.123Z"],
  [-1n, "us", "1969-12-31T23:59:59.999999Z"],
  [1n, "ns", "1970-01-01T00:00:00.000000001Z"],
  [2n ** 62n, "ms", "4611686018427387 s .904Z"],
] as const)("writes the time %s %s as %s", (raw, unit, text) => {
  expect(String(new Time(raw, unit))).toBe(text);
});

it("keeps every digit of integers, and has a text for what JSON lacks", () => {
  const value = { a: [2n ** 60n, Number.NaN], b: null, c: new Time(0n, "days") };
  expect(jsonOf(value)).toBe('{"a":[1152921504606846976,"NaN"],"b":null,"c":"1970-01-01"}');
  expect([textOf(null), textOf(false), textOf([1, "a"]), textOf(-0)]).toEqual([
    "",
    "false",
    '[1,"a"]',
    "0",
  ]);
});

it("quotes CSV cells that need it, and no others", () => {
  const columns = toOutputColumns(["a", "b"], ["label"]);
  const row = { a: 'say "x", twice', b: " y", label: "é\nz", error: null };
  expect(csvText.head(columns)).toBe("a,b,label,error\n");
  expect(csvText.rows(columns, [row])).toBe('"say ""x"", twice"," y","é\nz",\n');
  expect(() => csvText.rows(columns, [{ c: 1 }])).toThrow('column "c" comes up after the titles');
});

it("renames predictions that the input has a column for", () => {
  expect(toOutputColumns(["label", "error"], ["label", "score"])).toEqual({
    kept: ["label", "error"],
    predicted: [
      ["label", "predicted.label"],
      ["score", "score"],
    ],
    error: "predicted.error",
  });
});

it("finds the type of every value again on the way to Parquet", () => {
  const time = fc.tuple(fc.bigInt(), fc.constantFrom("days", "ms", "us", "ns" as const));
  const value = fc.oneof(
    fc.constantFrom(null, true, false),
    fc.double(),
    fc.bigInt(),
    fc.string(),
    time.map(([raw, unit]) => new Time(raw, unit)),
    fc.array(fc.string()),
    fc.array(fc.bigInt({ min: 2n ** 53n })),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string(), value), (row) => {
      const line = spoolText.rows(toOutputColumns([], []), [row as Record<string, Value>]);
      expect(line.split(/[\n\u2028\u2029]/)).toEqual([line.slice(0, -1), ""]);
      expect(readSpooled(line)).toEqual({ ...row });
    }),
  );
});
