import { expect, it } from "vitest";
import { roundToDtype } from "./round.ts";

it.each([
  ["FP32", 0.1, 0.10000000149011612],
  ["FP16", 0.1, 0.0999755859375],
  ["FP64", 0.1, 0.1],
  ["INT64", -2.7, -2],
  ["UINT8", 3, 3],
  ["BOOL", 2, 1],
  ["FP32", 1e39, Number.POSITIVE_INFINITY],
] as const)("rounds to %s: %d becomes %d", (dtype, value, rounded) => {
  expect(roundToDtype(dtype, value)).toBe(rounded);
});

it("has one zero", () => {
  expect(roundToDtype("FP32", -0)).toBe(0);
  expect(roundToDtype("INT32", -0.4)).toBe(0);
});

it("keeps what is no number", () => {
  expect(roundToDtype("FP32", Number.NaN)).toBeNaN();
});
