import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { chiSquareCritical, chiSquareTail } from "./chi-square.ts";

type Case = { readonly degrees: number; readonly tail: number; readonly critical: number };

const vectors = new URL("../../../test/vectors/drift/chi-square.json", import.meta.url);
const cases: Case[] = JSON.parse(readFileSync(vectors, "utf8"));

describe.each(cases)("with $degrees degrees and a tail of $tail", ({ degrees, tail, critical }) => {
  it("finds scipy's critical value", () => {
    const found = chiSquareCritical(degrees, tail);
    expect(Math.abs(found / critical - 1)).toBeLessThan(1e-9);
  });

  it("finds the tail again", () => {
    expect(Math.abs(chiSquareTail(degrees, critical) / tail - 1)).toBeLessThan(1e-9);
  });
});

it("leaves nothing to exceed without degrees of freedom", () => {
  expect(chiSquareCritical(0, 0.001)).toBe(0);
  expect(chiSquareTail(3, 0)).toBe(1);
});
