import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { measurePsi, psi } from "./psi.ts";

type Case = {
  readonly baseline: number[];
  readonly current: number[];
  readonly value: number;
  readonly floor: number;
};

const vectors = new URL("../../../test/vectors/drift/psi.json", import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(vectors, "utf8"));

describe.each(cases)("of $baseline and $current", ({ baseline, current, value, floor }) => {
  const found = measurePsi({
    baseline: Float64Array.from(baseline),
    current: Float64Array.from(current),
  });

  it("is what scipy says", () => {
    expect(Math.abs(found.value - value)).toBeLessThan(1e-9);
  });

  it("has scipy's floor", () => {
    expect(Math.abs(found.floor - floor)).toBeLessThan(1e-9);
  });
});

it("names the formula and its bins", () => {
  expect(psi.id("number")).toBe("psi.q10.half");
  expect(psi.id("category")).toBe("psi.cat.half");
});
