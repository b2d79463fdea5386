import { expect, it } from "vitest";
import { Rate } from "./rate.ts";

it("tells rows, how fast they go and how long it will take", () => {
  const rate = new Rate(0, 0);
  expect(rate.describe(0, 0, 1_000)).toBe("0 rows  0 rows/s");
  expect(rate.describe(3_000, 0.25, 2_000)).toBe("3000 rows  1500 rows/s  6.00 s left");
  expect(rate.describe(3_000, undefined, 2_000)).toBe("3000 rows  1500 rows/s");
});

it("does not count what an earlier run did", () => {
  const rate = new Rate(0, 10_000);
  expect(rate.describe(10_000, 0.5, 1_000)).toBe("10000 rows  0 rows/s");
  expect(rate.describe(12_000, 0.75, 2_000)).toBe("12000 rows  1000 rows/s  2.00 s left");
});
