import { describe, expect, test } from "vitest";
import { emptyBitmap, setBit } from "../bitmap.ts";
import { batchingDefaults, type FeatureSpec, type ModelSpec } from "../model/spec.ts";
import type { Dtype } from "../tensor/dtype.ts";
import type { Column, ColumnValues } from "./column.ts";
import { toInputs } from "./to-inputs.ts";

function feature(name: string, input: string, dtype: Dtype, rest: Partial<FeatureSpec> = {}) {
  const range = { min: undefined, max: undefined, default: undefined };
  const type = dtype === "BYTES" ? ("category" as const) : ("number" as const);
  const shared = { column: 0, type, unit: "", categories: [], required: true };
  return { name, input, dtype, ...shared, ...range, ...rest };
}

function model(inputs: ModelSpec["inputs"], features: FeatureSpec[]): ModelSpec {
  return {
    inputs,
    outputs: [],
    batching: batchingDefaults,
    batched: { enabled: true },
    features,
    predictions: [],
    instances: 1,
  };
}

const table = model(
  [
    { name: "x", dtype: "FP32", shape: [-1, 2] },
    { name: "age", dtype: "INT64", shape: [-1, 1] },
    { name: "home", dtype: "BYTES", shape: [-1] },
  ],
  [
    feature("height", "x", "FP32"),
    feature("weight", "x", "FP32", { column: 1, required: false }),
    feature("age", "age", "INT64", { default: 40 }),
    feature("home", "home", "BYTES"),
  ],
);

function column(name: string, values: ColumnValues, nulls: number[] = []): Column {
  const bitmap = emptyBitmap(nulls.length === 0 ? 0 : values.values.length);
  for (const row of nulls) setBit(bitmap, row);
  return { name, values, nulls: bitmap };
}

const numbers = (name: string, values: number[], nulls?: number[]) =>
  column(name, { kind: "numbers", values }, nulls);
const texts = (name: string, values: string[], nulls?: number[]) =>
  column(name, { kind: "texts", values }, nulls);

test("puts each feature into its column of its input, in the order of the model", () => {
  const { rows, inputs, nulls } = toInputs(table, [
    texts("home", ["own", "rent"]),
    numbers("weight", [3, 4]),
    column("age", { kind: "integers", values: [5n, 6n] }),
    numbers("height", [1, 2]),
  ]);
  expect(rows).toBe(2);
  expect(nulls.size).toBe(0);
  expect(inputs).toEqual([
    { name: "x", dtype: "FP32", shape: [2, 2], data: Float32Array.of(1, 3, 2, 4) },
    { name: "age", dtype: "INT64", shape: [2, 1], data: BigInt64Array.of(5n, 6n) },
    { name: "home", dtype: "BYTES", shape: [2], data: ["own", "rent"] },
  ]);
});

test("fills what is missing with the default, or NaN for an optional float, and says where", () => {
  const columns = [texts("home", ["a", "b"]), numbers("height", [1, 2])];
  const whole = toInputs(table, columns);
  expect(whole.inputs[0]?.data).toEqual(Float32Array.of(1, Number.NaN, 2, Number.NaN));
  expect(whole.inputs[1]?.data).toEqual(BigInt64Array.of(40n, 40n));
  expect([...(whole.nulls.get("age") ?? [])]).toEqual([3]);

  const partly = toInputs(table, [...columns, numbers("age", [7, 0], [1])]);
  expect(partly.inputs[1]?.data).toEqual(BigInt64Array.of(7n, 40n));
  expect([...(partly.nulls.get("age") ?? [])]).toEqual([2]);
});

describe("refuses", () => {
  const home = texts("home", ["a"]);
  const height = numbers("height", [1]);
  test.each<[string, Column[], string]>([
    [
      "an unknown feature",
      [numbers("heigth", [1])],
      'unknown feature "heigth". Did you mean "height"?',
    ],
    ["a feature given twice", [home, height, home], 'feature "home" is given twice'],
    ["a missing feature", [height], 'feature "home" (BYTES) is missing and has no default'],
    ["columns of other lengths", [height, texts("home", ["a", "b"])], "expected 1 values"],
    ["no rows", [numbers("height", [])], "no rows given"],
    ["no columns", [], "no rows given"],
    ["a missing text", [height, texts("home", ["a"], [0])], 'feature "home", row 0: has no value'],
    [
      "texts for numbers",
      [home, texts("height", ["1"])],
      '"height", row 0: takes FP32, got a text',
    ],
    [
      "numbers for texts",
      [height, numbers("home", [1])],
      '"home", row 0: takes texts, got a number',
    ],
    ["a fraction", [height, home, numbers("age", [1.5])], "1.5 is not a whole number (INT64)"],
    ["an inexact whole number", [height, home, numbers("age", [2 ** 60])], "send it in integers"],
    ["a float beyond range", [home, numbers("height", [1e300])], "1e+300 is beyond FP32's largest"],
    ["a NUL", [height, texts("home", ["a\0"])], '"home", row 0: contains a NUL'],
  ])("%s", (_, columns, problem) => {
    expect(() => toInputs(table, columns)).toThrow(problem);
  });

  test("a model whose columns have no names", () => {
    const image = model([{ name: "x", dtype: "FP32", shape: [-1, 3, 8, 8] }], []);
    expect(() => toInputs(image, [])).toThrow("no rows given");
    const partly = model(table.inputs, table.features.slice(1));
    expect(() => toInputs(partly, [numbers("weight", [1])])).toThrow(
      'input "x" of shape [-1,2] has no feature for each of its columns: use ModelInfer',
    );
  });
});

test("takes no more rows than it can fill up with defaults", () => {
  const width = 256;
  const features = Array.from({ length: width }, (_, column) =>
    feature(`f${column}`, "x", "FP32", { column, default: 0 }),
  );
  const wide = model([{ name: "x", dtype: "FP32", shape: [-1, width] }], features);
  const rows = 2 ** 16 + 1;
  expect(() => toInputs(wide, [numbers("f0", new Array(rows).fill(1))])).toThrow(
    "65537 rows given, this model takes at most 65536",
  );
});
