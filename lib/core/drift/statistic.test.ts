import { expect, it } from "vitest";
import { psi } from "./psi.ts";
import { chiSquareFloor, idOf, samplingSpread } from "./statistic.ts";

it("knows the floor of ten bins", () => {
  expect(chiSquareFloor(10)).toBeCloseTo(27.877164871256568, 9);
  expect(chiSquareFloor(10)).toBe(chiSquareFloor(10));
});

it("has no floor for a single bin", () => {
  expect(chiSquareFloor(1)).toBe(0);
});

it("spreads less the more rows there are", () => {
  expect(samplingSpread({ rowsBaseline: 1000, rowsCurrent: 500 })).toBe(0.003);
});

it.each([
  ["number", 10, "psi.q10.half"],
  ["number", 20, "psi.q20.half"],
  ["category", 10, "psi.cat.half"],
] as const)("names the formula and the bins of a %s cut into %i", (type, coarse, id) => {
  expect(idOf(psi, { type, bins: { coarse, fine: 64 } })).toBe(id);
});
