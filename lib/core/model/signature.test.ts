import { describe, expect, it } from "vitest";
import type { Tensor } from "../tensor/tensor.ts";
import { checkOutputs, checkTensors } from "./signature.ts";
import { batchingDefaults, type ModelSpec } from "./spec.ts";

const batched: ModelSpec = {
  inputs: [
    { name: "x", dtype: "FP32", shape: [-1, 2] },
    { name: "t", dtype: "BYTES", shape: [-1] },
  ],
  outputs: [
    { name: "y", dtype: "FP32", shape: [-1, 1] },
    { name: "z", dtype: "FP32", shape: [-1] },
  ],
  batching: batchingDefaults,
  batched: { enabled: true },
  features: [],
  predictions: [],
  instances: 1,
};
const unbatched: ModelSpec = { ...batched, batched: { enabled: false, reason: "for the test" } };

const x: Tensor = { name: "x", dtype: "FP32", shape: [2, 2], data: new Float32Array(4) };
const t: Tensor = { name: "t", dtype: "BYTES", shape: [2], data: ["a", "ü"] };

describe("a request's tensors", () => {
  it("may come in any order and hold any number", () => {
    const odd = { ...x, data: Float32Array.of(Number.NaN, Infinity, -Infinity, -0) };
    expect(checkTensors(batched, [t, odd])).toBeUndefined();
  });

  it.each<[string, Tensor[], string]>([
    ["one twice", [x, x, t], 'input "x" is given twice'],
    [
      "an unknown one",
      [x, t, { ...t, name: "u" }],
      'unexpected input "u"; the model takes "x", "t"',
    ],
    ["one less", [x], 'missing input "t": expected 2 inputs, got 1'],
    ["none", [], 'missing input "x", "t": expected 2 inputs, got 0'],
    ["another type", [{ ...x, dtype: "FP64" }, t], 'input "x": expected FP32, got FP64'],
    ["another width", [{ ...x, shape: [2, 3] }, t], 'input "x": expected shape [-1,2], got [2,3]'],
    ["another rank", [{ ...x, shape: [4] }, t], 'input "x": expected shape [-1,2], got [4]'],
    ["a negative length", [{ ...x, shape: [-1, 2] }, t], "expected shape [-1,2], got [-1,2]"],
    [
      "too few elements",
      [{ ...x, data: new Float32Array(3) }, t],
      'input "x": expected 4 elements for shape [2,2], got 3',
    ],
    [
      "a NUL",
      [x, { ...t, data: ["a", "b\0"] }],
      'input "t": expected texts without NUL, got one in',
    ],
    ["half a pair", [x, { ...t, data: ["\ud800", ""] }], 'input "t": expected valid Unicode'],
    [
      "other rows",
      [x, { ...t, shape: [1], data: ["a"] }],
      'input "t": expected 2 rows as in "x", got 1',
    ],
    [
      "no rows",
      [
        { ...x, shape: [0, 2], data: new Float32Array() },
        { ...t, shape: [0], data: [] },
      ],
      'input "x": expected at least one row, got none',
    ],
  ])("are refused with %s", (_, tensors, message) => {
    const failure = checkTensors(batched, tensors);
    expect(failure?.code).toBe("invalid-argument");
    expect(failure?.message).toContain(message);
  });

  it("need not have the same length where the model is not batched", () => {
    expect(checkTensors(unbatched, [x, { ...t, shape: [1], data: ["a"] }])).toBeUndefined();
    expect(checkTensors(unbatched, [x, { ...t, shape: [0], data: [] }])).toBeUndefined();
  });
});

describe("the outputs a request asks for", () => {
  it("may be any of the model's, or none in particular", () => {
    expect(checkOutputs(batched, ["z", "y"])).toBeUndefined();
    expect(checkOutputs(batched, [])).toBeUndefined();
  });

  it.each([
    [["y", "y"], 'output "y" is asked for twice'],
    [["y", "w"], 'unexpected output "w"; the model has "y", "z"'],
  ])("are refused when they are %j", (names, message) => {
    expect(checkOutputs(batched, names)).toMatchObject({ code: "invalid-argument", message });
  });
});
