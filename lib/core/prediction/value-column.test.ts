import { describe, expect, test } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { countRows, numberAt, textAt, wideColumns } from "./value-column.ts";

const matrix: Tensor = {
  name: "x",
  dtype: "FP32",
  shape: [2, 2],
  data: Float32Array.of(1, 2, 3, 4),
};

test("a column of an output is a view of it", () => {
  const value = { name: "v", output: "x", role: "value" as const, labels: [] };
  const [first, second] = wideColumns(value, matrix, 2);
  expect(first?.data).toBe(matrix.data);
  expect(second === undefined ? [] : [0, 1].map((row) => numberAt(second, row))).toEqual([2, 4]);
  expect(second === undefined ? "" : textAt(second, 1)).toBe("4");
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
