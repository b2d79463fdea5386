import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Latencies } from "./latencies.ts";

describe("latencies", () => {
  it("give percentiles to two percent", () => {
    const values = fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.constantFrom(0.5, 0.9, 0.99), (us, share) => {
        const latencies = new Latencies();
        for (const value of us) latencies.add(value);
        const sorted = us.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(us.length * share) - 1] ?? 0;
        expect(latencies.percentileUs(share)).toBeGreaterThan(exact * 0.9999);
        expect(latencies.percentileUs(share)).toBeLessThan(exact * 1.0201);
      }),
    );
  });

  it("are zero while there are none", () => {
    expect(new Latencies().percentileUs(0.5)).toBe(0);
  });
});
