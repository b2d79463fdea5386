import { expect, test } from "vitest";
import { fromHalf, toHalf } from "./half.ts";

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [2 ** -24, 0x0001],
  [Infinity, 0x7c00],
])("%d is the pattern %d", (value, pattern) => {
  expect(toHalf(value)).toBe(pattern);
  expect(fromHalf(pattern)).toBe(value);
});

test("rounds to the nearest half", () => {
  expect(fromHalf(toHalf(0.1))).toBe(0.0999755859375);
  expect(fromHalf(toHalf(Number.NaN))).toBeNaN();
});
