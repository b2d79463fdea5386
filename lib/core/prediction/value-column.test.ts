import { describe, expect, test } from "vitest";
import type { FeatureSpec, OutputSpec } from "../model/spec.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  countRows,
  featureColumns,
  numberAt,
  outputColumns,
  textAt,
  type ValueColumn,
} from "./value-column.ts";

function feature(name: string, input: string, column: number): FeatureSpec {
  const range = { min: undefined, max: undefined, default: undefined };
  const fixed = { unit: "", categories: [], required: true, ...range };
  return { name, input, column, type: "number", dtype: "FP32", ...fixed };
}

function show(columns: readonly ValueColumn[], rows: number): Record<string, unknown[]> {
  const at = (column: ValueColumn) => (column.type === "category" ? textAt : numberAt);
  return Object.fromEntries(
    columns.map((column) => [
      column.name,
      Array.from({ length: rows }, (_, row) => at(column)(column, row)),
    ]),
  );
}

const matrix: Tensor = {
  name: "x",
  dtype: "FP32",
  shape: [2, 2],
  data: Float32Array.of(1, 2, 3, 4),
};

describe("features", () => {
  test("are the columns of their inputs", () => {
    const features = [feature("b", "x", 1), feature("a", "x", 0)];
    const columns = featureColumns({ features, inputs: [matrix], rows: 2 });
    expect(show(columns, 2)).toEqual({ b: [2, 4], a: [1, 3] });
  });

  test("are summaries of an input without named columns", () => {
    const image: Tensor = {
      name: "i",
      dtype: "UINT8",
      shape: [2, 2, 1],
      data: Uint8Array.of(3, 4, 0, 0),
    };
    const columns = featureColumns({ features: [], inputs: [image], rows: 2 });
    expect(show(columns, 2)).toEqual({ "i.mean": [3.5, 0], "i.sd": [0.5, 0], "i.norm": [5, 0] });
    expect(columns.map((column) => column.dtype)).toEqual(["FP64", "FP64", "FP64"]);
  });

  test("of an input that is not made of the request's rows are left out", () => {
    const columns = featureColumns({ features: [feature("a", "x", 0)], inputs: [matrix], rows: 3 });
    expect(columns).toEqual([]);
  });

  test("of an input that is one row as a whole are its summaries", () => {
    const columns = featureColumns({ features: [feature("a", "x", 0)], inputs: [matrix], rows: 1 });
    expect(columns.map((column) => column.name)).toEqual(["x.mean", "x.sd", "x.norm"]);
    expect(columns.map((column) => numberAt(column, 0))[0]).toBe(2.5);
  });

  test("of half precision are read as numbers", () => {
    const half: Tensor = { name: "h", dtype: "FP16", shape: [1], data: Uint16Array.of(0x3c00) };
    const spec = { ...feature("a", "h", 0), dtype: "FP16" as const };
    expect(show(featureColumns({ features: [spec], inputs: [half], rows: 1 }), 1)).toEqual({
      a: [1],
    });
  });
});

describe("outputs", () => {
  const label: OutputSpec = { name: "label", output: "l", role: "label", labels: ["no", "yes"] };
  const classes: Tensor = {
    name: "l",
    dtype: "INT64",
    shape: [3],
    data: BigInt64Array.of(1n, 0n, 7n),
  };

  test("show labels by name, and by number where there is no name", () => {
    const columns = outputColumns({ predictions: [label], outputs: [classes], rows: 3 });
    expect(show(columns, 3)).toEqual({ label: ["yes", "no", "7"] });
    expect(columns[0]?.dtype).toBe("INT64");
  });

  test("show texts as they are", () => {
    const texts: Tensor = { name: "l", dtype: "BYTES", shape: [2, 1], data: ["a", "b"] };
    const columns = outputColumns({ predictions: [label], outputs: [texts], rows: 2 });
    expect(show(columns, 2)).toEqual({ label: ["a", "b"] });
  });

  test("name probabilities by label, or by number where there are no labels", () => {
    const named: OutputSpec = {
      name: "p",
      output: "x",
      role: "probabilities",
      labels: ["no", "yes"],
    };
    const rows = 2;
    expect(show(outputColumns({ predictions: [named], outputs: [matrix], rows }), 2)).toEqual({
      "p.no": [1, 3],
      "p.yes": [2, 4],
    });
    const bare: OutputSpec = { ...named, labels: [] };
    const columns = outputColumns({ predictions: [bare], outputs: [matrix], rows });
    expect(columns.map((column) => column.name)).toEqual(["p.0", "p.1"]);
  });

  test("give a single value the output's own name", () => {
    const value: OutputSpec = { name: "v", output: "x", role: "value", labels: [] };
    const flat: Tensor = { name: "x", dtype: "FP64", shape: [2, 1], data: Float64Array.of(5, 6) };
    const columns = outputColumns({ predictions: [value], outputs: [flat], rows: 2 });
    expect(show(columns, 2)).toEqual({ v: [5, 6] });
  });

  test("summarise embeddings", () => {
    const embedding: OutputSpec = { name: "e", output: "x", role: "embedding", labels: [] };
    const columns = outputColumns({ predictions: [embedding], outputs: [matrix], rows: 2 });
    expect(columns.map((column) => column.name)).toEqual(["e.mean", "e.sd", "e.norm"]);
  });

  test("that were not asked for have no columns", () => {
    expect(outputColumns({ predictions: [label], outputs: [], rows: 2 })).toEqual([]);
  });
});

describe("the rows of a request", () => {
  const vector: Tensor = { ...matrix, shape: [4] };
  const scalar: Tensor = { ...matrix, shape: [], data: Float32Array.of(1) };
  const count = (inputs: Tensor[], input: number[], output: number[]) => {
    const [x, y] = [input, output].map((shape) => ({ name: "x", dtype: "FP32" as const, shape }));
    return countRows({ inputs: x ? [x] : [], outputs: y ? [y] : [] }, inputs);
  };

  test("are the first dimension its inputs share", () => {
    expect(count([matrix, { ...matrix, name: "y" }], [-1, 2], [1])).toBe(2);
    expect(count([matrix, vector], [-1, 2], [-1])).toBe(1);
    expect(count([scalar], [], [])).toBe(1);
    expect(count([], [], [])).toBe(1);
  });

  test("are one where that dimension is fixed and not the outputs'", () => {
    expect(count([matrix], [2, 2], [10])).toBe(1);
    expect(count([matrix], [2, 2], [2, 5])).toBe(2);
    expect(count([matrix], [2, 2], [-1, 5])).toBe(2);
  });
});
