import { describe, expect, test } from "vitest";
import type { WideReducer } from "../model/settings.ts";
import type { FeatureSpec, OutputSpec } from "../model/spec.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { Vocabulary } from "../text/vocabulary.ts";
import { ColumnPlan, featureColumns, outputColumns, type PlannedColumn } from "./column-plan.ts";
import { summarise } from "./summary.ts";
import { numberAt, textAt } from "./value-column.ts";

function feature(name: string, input: string, column: number): FeatureSpec {
  const range = { min: undefined, max: undefined, default: undefined };
  const fixed = { unit: "", categories: [], required: true, ...range };
  return { name, input, column, type: "number", dtype: "FP32", ...fixed };
}

function show(columns: readonly PlannedColumn[], tensors: readonly Tensor[], rows: number) {
  const indexes = Array.from({ length: rows }, (_, row) => row);
  return Object.fromEntries(
    columns.map((column): [string, unknown[]] => {
      const tensor = tensors[column.tensor] as Tensor;
      const { name, reducer, stride } = column;
      if (reducer !== undefined) {
        return [name, [...summarise(tensor, indexes, stride)[reducer as WideReducer]]];
      }
      const at = column.type === "category" ? textAt : numberAt;
      return [name, indexes.map((row) => at({ ...column, data: tensor.data }, row))];
    }),
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
    expect(show(columns, [matrix], 2)).toEqual({ b: [2, 4], a: [1, 3] });
  });

  test("are summaries of an input without named columns", () => {
    const image: Tensor = {
      name: "i",
      dtype: "UINT8",
      shape: [2, 2, 1],
      data: Uint8Array.of(3, 4, 0, 0),
    };
    const columns = featureColumns({ features: [], inputs: [image], rows: 2 });
    expect(show(columns, [image], 2)).toEqual({
      "i.mean": [3.5, 0],
      "i.sd": [0.5, 0],
      "i.norm": [5, 0],
    });
    expect(columns.map((column) => column.dtype)).toEqual(["FP64", "FP64", "FP64"]);
  });

  test("are the numbers of a text that are asked for and can be made", () => {
    const spec: FeatureSpec = { ...feature("t", "x", 1), type: "text", dtype: "BYTES" };
    const texts = { name: "x", dtype: "BYTES", shape: [2, 2], data: ["a", "b", "c", "d"] } as const;
    const source = { features: [spec], inputs: [texts], rows: 2 };
    const names = (more: Partial<Parameters<typeof featureColumns>[0]>) =>
      featureColumns({ ...source, ...more }).map(({ name }) => name);
    expect(names({})).toEqual(["t.length"]);
    const vocabularies = new Map([["t", new Vocabulary(["b"])]]);
    expect(names({ vocabularies })).toEqual(["t.length", "t.unknown"]);
    expect(names({ vocabularies, reducers: { t: ["unknown"] } })).toEqual(["t.unknown"]);
    expect(names({ vocabularies, reducers: { t: [] } })).toEqual([]);
    expect(featureColumns({ ...source, vocabularies })[1]).toMatchObject({
      ...{ kind: "feature", type: "number", dtype: "FP64", offset: 1, stride: 2 },
    });
  });

  test("of an input that is not made of the request's rows are left out", () => {
    const columns = featureColumns({ features: [feature("a", "x", 0)], inputs: [matrix], rows: 3 });
    expect(columns).toEqual([]);
  });

  test("of an input that is one row as a whole are its summaries", () => {
    const columns = featureColumns({ features: [feature("a", "x", 0)], inputs: [matrix], rows: 1 });
    expect(columns.map((column) => column.name)).toEqual(["x.mean", "x.sd", "x.norm"]);
    expect(show(columns, [matrix], 1)["x.mean"]).toEqual([2.5]);
  });

  test("of half precision are read as numbers", () => {
    const half: Tensor = { name: "h", dtype: "FP16", shape: [1], data: Uint16Array.of(0x3c00) };
    const spec = { ...feature("a", "h", 0), dtype: "FP16" as const };
    const columns = featureColumns({ features: [spec], inputs: [half], rows: 1 });
    expect(show(columns, [half], 1)).toEqual({ a: [1] });
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
    expect(show(columns, [classes], 3)).toEqual({ label: ["yes", "no", "7"] });
    expect(columns[0]?.dtype).toBe("INT64");
  });

  test("show texts as they are", () => {
    const texts: Tensor = { name: "l", dtype: "BYTES", shape: [2, 1], data: ["a", "b"] };
    const columns = outputColumns({ predictions: [label], outputs: [texts], rows: 2 });
    expect(show(columns, [texts], 2)).toEqual({ label: ["a", "b"] });
  });

  test("name probabilities by label, or by number where there are no labels", () => {
    const named: OutputSpec = {
      name: "p",
      output: "x",
      role: "probabilities",
      labels: ["no", "yes"],
    };
    const rows = 2;
    const labelled = outputColumns({ predictions: [named], outputs: [matrix], rows });
    expect(show(labelled, [matrix], 2)).toEqual({ "p.no": [1, 3], "p.yes": [2, 4] });
    const bare: OutputSpec = { ...named, labels: [] };
    const columns = outputColumns({ predictions: [bare], outputs: [matrix], rows });
    expect(columns.map((column) => column.name)).toEqual(["p.0", "p.1"]);
  });

  test("give a single value the output's own name", () => {
    const value: OutputSpec = { name: "v", output: "x", role: "value", labels: [] };
    const flat: Tensor = { name: "x", dtype: "FP64", shape: [2, 1], data: Float64Array.of(5, 6) };
    const columns = outputColumns({ predictions: [value], outputs: [flat], rows: 2 });
    expect(show(columns, [flat], 2)).toEqual({ v: [5, 6] });
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

describe("a plan", () => {
  const features = [feature("a", "x", 0), feature("b", "x", 1)];
  const predictions: OutputSpec[] = [{ name: "v", output: "y", role: "value", labels: [] }];
  const y = { name: "y", dtype: "FP32" as const, shape: [2] };
  const plan = new ColumnPlan({ features, predictions, inputs: [matrix], outputs: [y], rows: 2 });
  const request = (rows: number, inputShape: number[], outputShape: number[]) => ({
    rows,
    inputs: [{ ...matrix, shape: inputShape }],
    outputs: [{ ...y, shape: outputShape }],
  });

  test("has the features first and then the outputs", () => {
    expect(plan.columns.map(({ name }) => name)).toEqual(["a", "b", "v"]);
  });

  test("suits every number of rows but one, and no other width", () => {
    expect(plan.suits(request(7, [7, 2], [7]))).toBe(true);
    expect(plan.suits(request(1, [1, 2], [1]))).toBe(false);
    expect(plan.suits(request(7, [7, 3], [7]))).toBe(false);
    expect(plan.suits(request(7, [7, 2], [8]))).toBe(false);
    expect(plan.suits({ ...request(7, [7, 2], [7]), outputs: [] })).toBe(false);
    expect(plan.suits({ ...request(2, [2, 2], [2]), inputs: [{ ...y, shape: [2, 2] }] })).toBe(
      false,
    );
  });

  test("is named after its columns", () => {
    const source = { features, predictions, inputs: [matrix], outputs: [y], rows: 2 };
    expect(new ColumnPlan(source).schemaId).toBe(plan.schemaId);
    const others = [
      { ...source, features: [] },
      { ...source, predictions: [] },
      { ...source, outputs: [{ ...y, dtype: "FP64" as const }] },
    ];
    const ids = others.map((each) => new ColumnPlan(each).schemaId);
    expect(new Set([plan.schemaId, ...ids]).size).toBe(4);
  });
});
