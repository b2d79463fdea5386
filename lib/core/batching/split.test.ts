import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { joinParts, sliceAll, splitRows } from "./split.ts";

test("parts run in order, none is too large and all but the last are full", () => {
  expect(splitRows(10, 4)).toEqual([
    { from: 0, to: 4 },
    { from: 4, to: 8 },
    { from: 8, to: 10 },
  ]);
  expect(splitRows(4, 4)).toEqual([{ from: 0, to: 4 }]);
  expect(splitRows(0, 4)).toEqual([{ from: 0, to: 0 }]);
});

test("parts whose rows differ in shape are not joined", () => {
  const part = (width: number): Tensor[] => [
    { name: "y", dtype: "INT8", shape: [1, width], data: new Int8Array(width) },
  ];
  expect(() => joinParts([part(2), part(2), part(3)])).toThrow(
    'output "y": rows of [2] and rows of [3] from its parts',
  );
});

test("parts joined are the whole", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.integer({ min: 1, max: 9 }), (rows, rowsMax) => {
      const data = Float32Array.from({ length: rows * 2 }, (_, index) => index);
      const texts = Array.from({ length: rows }, (_, index) => `text ${index}`);
      const whole: Tensor[] = [
        { name: "x", dtype: "FP32", shape: [rows, 2], data },
        { name: "t", dtype: "BYTES", shape: [rows], data: texts },
      ];
      const parts = splitRows(rows, rowsMax).map((range) => sliceAll(whole, range));
      expect(joinParts(parts)).toEqual(whole);
    }),
  );
});
