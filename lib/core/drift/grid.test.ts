import * as fc from "fast-check";
import { expect, it } from "vitest";
import { binOf } from "./bins.ts";
import { foldCells, makeGrid } from "./grid.ts";

it("finds the bins of both sets with one search", () => {
  const edges = fc
    .uniqueArray(fc.integer({ min: -9, max: 9 }), { maxLength: 9 })
    .map((list) => list.sort((one, two) => one - two));
  void fc.assert(
    fc.property(edges, edges, fc.double({ min: -11, max: 11 }), (coarse, fine, value) => {
      const grid = makeGrid(coarse, fine);
      const cell = binOf(grid.edges, value);
      expect(grid.coarse[cell]).toBe(binOf(Float64Array.from(coarse), value));
      expect(grid.fine[cell]).toBe(binOf(Float64Array.from(fine), value));
    }),
  );
});

it("adds up the cells of a bin", () => {
  const grid = makeGrid([1], [0, 1, 2]);
  const cells = Float64Array.from([1, 10, 100, 1000]);
  expect([...foldCells(cells, grid.coarse, grid.coarseBins)]).toEqual([11, 1100]);
  expect([...foldCells(cells, grid.fine, grid.fineBins)]).toEqual([1, 10, 100, 1000]);
});
