import { expect, it } from "vitest";
import { packedBytes } from "#core/tensor/dtype.ts";
import { Slab } from "./slab.ts";

it("holds arrays of every size side by side, each where its elements may begin", () => {
  const bytes = Uint8Array.from({ length: 17 }, (_, index) => index);
  const parts = [bytes.subarray(0, 3), bytes.subarray(1, 17), bytes.subarray(1, 5)];
  const slab = new Slab(parts.map(({ length }) => length));
  const copies = [
    slab.copy("BOOL", bytes.subarray(0, 3)),
    slab.copy("FP64", bytes.subarray(1, 17)),
    slab.copy("FP32", bytes.subarray(1, 5)),
  ];
  expect(copies.map(({ length }) => length)).toEqual([3, 2, 1]);
  expect(copies.map(packedBytes)).toEqual(parts);
  expect(new Set(copies.map(({ buffer }) => buffer)).size).toBe(1);
});

it("needs no room for arrays of nothing", () => {
  expect(new Slab([]).copy("FP32", new Uint8Array(0))).toEqual(new Float32Array(0));
});
