import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram } from "./histogram.ts";

describe("a histogram of latencies", () => {
  it("knows every quantile to within a 128th of the value", () => {
    const latencies = fc.array(fc.double({ min: 0.1, max: 4e8, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const histogram = new Histogram();
        for (const value of values) histogram.record(value);
        const sorted = values.toSorted((one, two) => one - two);
        const exact = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? Number.NaN;
        const error = Math.abs(histogram.quantileUs(share) - exact);
        expect(error).toBeLessThanOrEqual(exact / 128 + 0.1);
      }),
    );
  });

  it("is the same from two halves as from the whole", () => {
    const whole = new Histogram();
    const halves = [new Histogram(), new Histogram()];
    for (let index = 0; index < 1000; index += 1) {
      whole.record(index * 7.3);
      halves[index % 2]?.record(index * 7.3);
    }
    const joined = new Histogram(halves[0]?.state());
    joined.add(halves[1] ?? new Histogram());
    expect(joined.state()).toEqual(whole.state());
    expect(joined.total).toBe(1000);
  });

  it("takes what is out of range as the end of the range", () => {
    const histogram = new Histogram();
    histogram.record(-5);
    histogram.record(1e12);
    expect(histogram.quantileUs(0.5)).toBe(0);
    expect(histogram.quantileUs(1)).toBeGreaterThan(4e8);
  });

  it("has no quantiles while it is empty", () => {
    expect(new Histogram().quantileUs(0.99)).toBeNaN();
  });
});
