import fc from "fast-check";
import { expect, it } from "vitest";
import { HistogramSeries } from "./series.ts";

it("counts each value at the first bound that is not below it", () => {
  const bound = fc.double({ min: 0, max: 100, noNaN: true });
  const property = fc.property(
    fc.uniqueArray(bound, { minLength: 1, maxLength: 20 }),
    fc.array(fc.double({ min: 0, max: 120, noNaN: true })),
    (unsorted, random) => {
      const bounds = unsorted.sort((one, other) => one - other);
      const values = [...random, ...bounds];
      const series = new HistogramSeries(Float64Array.from(bounds));
      for (const value of values) series.record(value);
      const upTo = [...bounds, Number.POSITIVE_INFINITY].map(
        (most) => values.filter((value) => value <= most).length,
      );
      let total = 0;
      expect([...series.counts].map((count) => (total += count))).toEqual(upTo);
      const sum = values.reduce((all, value) => all + value, 0);
      expect(series.sum).toBeCloseTo(sum, 6);
    },
  );
  fc.assert(property);
});

it("takes what is below zero for zero and ignores what is no number", () => {
  const series = new HistogramSeries(Float64Array.of(0, 1));
  series.record(-5);
  series.record(Number.NaN);
  series.record(Number.POSITIVE_INFINITY);
  expect([...series.counts]).toEqual([1, 0, 1]);
});
