import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { binOf, quantileEdges } from "./bins.ts";

type Case = {
  readonly name: string;
  readonly bins: number;
  readonly values: number[];
  readonly edges: number[];
};

const vectors = new URL("../../../test/vectors/drift/edges.json", import.meta.url);

it.each<Case>(JSON.parse(readFileSync(vectors, "utf8")))(
  "cuts $name into $bins bins at numpy's very edges",
  ({ values, bins, edges }) => {
    expect([...quantileEdges(Float64Array.from(values).sort(), bins)]).toEqual(edges);
  },
);

it("cuts ten values into halves between the two in the middle", () => {
  const values = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect([...quantileEdges(values, 2)]).toEqual([5.5]);
});

it("gives an atom a bin of its own", () => {
  const edges = quantileEdges(Float64Array.from([0, 0, 0, 0, 0, 0, 1, 2, 3, 4]), 10);
  expect(edges[0]).toBe(0);
  expect(edges[1]).toBe(Number.MIN_VALUE);
  expect(binOf(edges, -1e-9)).toBe(0);
  expect(binOf(edges, 0)).toBe(1);
  expect(binOf(edges, 1e-9)).toBe(2);
});

it("gives a negative atom a bin of its own", () => {
  const edges = quantileEdges(Float64Array.from([-1, -1, -1]), 4);
  expect([...edges]).toEqual([-1, -1 + 2 ** -53]);
});

it("finds no edges where there are no values", () => {
  expect(quantileEdges(new Float64Array(0), 10)).toHaveLength(0);
  expect(binOf(new Float64Array(0), 3)).toBe(0);
});

it("puts a value into the bin that counts the edges at or below it", () => {
  const value = fc.integer({ min: -20, max: 20 });
  void fc.assert(
    fc.property(fc.uniqueArray(value, { maxLength: 30 }), value, (edges, one) => {
      const sorted = Float64Array.from(edges).sort();
      expect(binOf(sorted, one)).toBe(edges.filter((edge) => edge <= one).length);
    }),
  );
});
