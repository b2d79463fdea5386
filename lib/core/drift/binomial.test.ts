import { expect, it } from "vitest";
import { binomialTail } from "./binomial.ts";

// Summed in fractions: sum(comb(n, k) * q**k * (1 - q)**(n - k) for k in range(hits, n + 1)).
it.each([
  [3, 3, 1 / 11, 0.0007513148009015778],
  [10, 20, 0.25, 0.01386441694376117],
  [1, 1, 0.5, 0.5],
  [600, 1000, 0.5, 1.3642320780330092e-10],
])("gives the upper tail of %d of %d at %d", (hits, trials, chance, tail) => {
  expect(binomialTail(hits, trials, chance) / tail).toBeCloseTo(1, 9);
});

it("has no tail at or below what is expected, and none beyond all", () => {
  expect(binomialTail(5, 10, 0.5)).toBe(1);
  expect(binomialTail(0, 0, 0.5)).toBe(1);
  expect(binomialTail(11, 10, 0.5)).toBe(0);
});
