import { expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

const backoff = { firstMs: 50, maxMs: 1_000 };

it("doubles up to its maximum", () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 10_000].map((attempt) => backoffMs(backoff, attempt, 0));
  expect(waits).toEqual([50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
});

it("spreads by up to a half", () => {
  expect(backoffMs(backoff, 1, 0.5)).toBe(37.5);
  expect(backoffMs(backoff, 99, 0.999)).toBeGreaterThan(500);
});
