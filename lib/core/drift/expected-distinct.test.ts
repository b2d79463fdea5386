import fc from "fast-check";
import { expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { expectedDistinct } from "./expected-distinct.ts";

/** Every way to take `rows` of the values. */
function subsets(values: readonly number[], rows: number): number[][] {
  if (rows === 0) return [[]];
  return values.flatMap((value, at) =>
    subsets(values.slice(at + 1), rows - 1).map((rest) => [value, ...rest]),
  );
}

it("is the mean over all ways to take so many rows", () => {
  const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 12 }), (list, most) => {
      const values = list.flatMap((count, value) => new Array<number>(count).fill(value));
      const rows = Math.min(most, values.length);
      const sizes = subsets(values, rows).map((taken) => new Set(taken).size);
      const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
      const frequencies = list.map((count) => ({ count, values: 1 }));
      expect(expectedDistinct(frequencies, rows).mean).toBeCloseTo(mean, 9);
    }),
    { numRuns: 50 },
  );
});

it("expects as many identifiers as there are rows", () => {
  expect(expectedDistinct([{ count: 1, values: 10_000 }], 500).mean).toBeCloseTo(500, 6);
});

it("expects nothing new where every value occurred often, and more where many did not", () => {
  const often = [{ count: 1000, values: 3 }];
  expect(expectedDistinct(often, 100_000).mean).toBe(3);
  const seldom = [
    { count: 1, values: 100 },
    { count: 2, values: 50 },
  ];
  const more = expectedDistinct(seldom, 400).mean;
  expect(more).toBeGreaterThan(150);
  expect(more).toBeLessThan(150 + (100 * 99) / (2 * 51));
});

it("is as far from what comes as its variance says", () => {
  const draw = seededDraw(1);
  const value = () => Math.floor(1 / (draw() + 1e-4));
  const sample = (rows: number) => Array.from({ length: rows }, value);
  for (const [all, rows] of [
    [5000, 100],
    [5000, 1000],
    [5000, 5000],
  ] as const) {
    const distances = Array.from({ length: 200 }, () => {
      const counts = new Map<number, number>();
      for (const each of sample(all)) counts.set(each, (counts.get(each) ?? 0) + 1);
      const frequencies = [...counts.values()].map((count) => ({ count, values: 1 }));
      const { mean, variance } = expectedDistinct(frequencies, rows);
      return (new Set(sample(rows)).size - mean) / Math.sqrt(variance);
    });
    const average = distances.reduce((sum, each) => sum + each, 0) / distances.length;
    const spread = Math.sqrt(distances.reduce((sum, each) => sum + each * each, 0) / 200);
    expect(Math.abs(average)).toBeLessThan(0.3);
    // On the careful side, and not by much.
    expect(spread).toBeLessThan(1.1);
    expect(spread).toBeGreaterThan(0.5);
  }
});
