import { expect, it } from "vitest";
import { blankRow, blankTensor, copyRow } from "./rows.ts";
import type { Tensor } from "./tensor.ts";

const tensors = (): Tensor[] => [
  { name: "x", dtype: "FP32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: "n", dtype: "INT64", shape: [3], data: BigInt64Array.of(1n, 2n, 3n) },
  { name: "t", dtype: "BYTES", shape: [3, 1], data: ["a", "b", "c"] },
];

it("blanks one row and leaves the others", () => {
  const blanked = tensors();
  for (const tensor of blanked) blankRow(tensor, 1);
  expect(blanked.map(({ data }) => [...data])).toEqual([
    [1, 2, 0, 0, 5, 6],
    [1n, 0n, 3n],
    ["a", "", "c"],
  ]);
});

it("copies one row over another", () => {
  const copied = tensors();
  for (const tensor of copied) copyRow(tensor, 2, 0);
  expect(copied.map(({ data }) => [...data])).toEqual([
    [5, 6, 3, 4, 5, 6],
    [3n, 2n, 3n],
    ["c", "b", "c"],
  ]);
});

it("makes blank rows like those of another tensor", () => {
  expect(tensors().map((tensor) => blankTensor(tensor, 2))).toEqual([
    { name: "x", dtype: "FP32", shape: [2, 2], data: new Float32Array(4) },
    { name: "n", dtype: "INT64", shape: [2], data: new BigInt64Array(2) },
    { name: "t", dtype: "BYTES", shape: [2, 1], data: ["", ""] },
  ]);
});
