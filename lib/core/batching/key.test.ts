import { expect, test } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { batchKey } from "./key.ts";

const tensor: Tensor = { name: "x", dtype: "FP32", shape: [1, 4], data: new Float32Array(4) };

test("is the same for requests that differ in rows alone", () => {
  const taller = { ...tensor, shape: [9, 4], data: new Float32Array(36) };
  expect(batchKey([tensor], [])).toBe(batchKey([taller], []));
});

test("tells other dimensions and outputs apart", () => {
  const others: [Tensor[], string[]][] = [
    [[{ ...tensor, shape: [1, 2, 2] }], []],
    [[{ ...tensor, shape: [1, 42] }], []],
    [[tensor, tensor], []],
    [[{ ...tensor, shape: [1] }, tensor], []],
    [[tensor, { ...tensor, shape: [1] }], []],
    [[tensor], ["p"]],
    [[tensor], ["p", "q"]],
    [[tensor], ["p1:q"]],
    [[tensor], ["q", "p"]],
  ];
  const keys = others.map(([inputs, outputs]) => batchKey(inputs, outputs));
  expect(new Set([batchKey([tensor], []), ...keys]).size).toBe(10);
});
