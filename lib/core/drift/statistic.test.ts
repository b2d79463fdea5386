import { expect, it } from "vitest";
import { chiSquareFloor, samplingSpread } from "./statistic.ts";

it("knows the floor of ten bins", () => {
  expect(chiSquareFloor(10)).toBeCloseTo(27.877164871256568, 9);
});

it("has no floor for a single bin", () => {
  expect(chiSquareFloor(1)).toBe(0);
});

it("spreads less the more rows there are", () => {
  expect(samplingSpread(1000, 500)).toBe(0.003);
});
