import { expect, it } from "vitest";
import {
  elementCount,
  formatShape,
  rowElements,
  sliceRows,
  stackRows,
  type Tensor,
} from "./tensor.ts";

const floats = (rows: number[][]): Tensor => ({
  name: "x",
  dtype: "FP32",
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float32Array.from(rows.flat()),
});

it("counts the elements of a shape", () => {
  expect(elementCount([])).toBe(1);
  expect(elementCount([2, 0, 3])).toBe(0);
  expect(rowElements([5, 2, 3])).toBe(6);
  expect(formatShape([-1, 64])).toBe("[-1,64]");
});

it("slices back what it stacked", () => {
  const [one, two] = [
    floats([[1, 2]]),
    floats([
      [3, 4],
      [5, 6],
    ]),
  ];
  const stacked = stackRows([one, two]);
  expect(stacked.shape).toEqual([3, 2]);
  expect(sliceRows(stacked, 0, 1)).toEqual(one);
  expect(sliceRows(stacked, 1, 3)).toEqual(two);
});

it("stacks and slices texts", () => {
  const text = (data: string[]): Tensor => ({
    name: "t",
    dtype: "BYTES",
    shape: [data.length],
    data,
  });
  const stacked = stackRows([text(["a"]), text(["b", "c"])]);
  expect(stacked).toEqual(text(["a", "b", "c"]));
  expect(sliceRows(stacked, 1, 2)).toEqual(text(["b"]));
});

it("stacks 64-bit integers", () => {
  const big = (values: bigint[]): Tensor => ({
    name: "n",
    dtype: "INT64",
    shape: [values.length, 1],
    data: BigInt64Array.from(values),
  });
  expect(stackRows([big([1n]), big([2n])])).toEqual(big([1n, 2n]));
});
