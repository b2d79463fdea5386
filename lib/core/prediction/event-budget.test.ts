import { expect, test } from "vitest";
import { EventBudget } from "./event-budget.ts";

test("includes everything while that is within the rate", () => {
  const budget = new EventBudget({ valuesPerSecond: 1000 });
  for (let now = 0; now < 5000; now += 50) {
    expect(budget.share(now)).toBe(1);
    budget.count(50, 50);
  }
});

test("follows a rate that is too high, and comes back", () => {
  const budget = new EventBudget({ valuesPerSecond: 1000 });
  let included = 0;
  for (let now = 0; now < 10_000; now += 50) {
    const values = 2000 * budget.share(now);
    included += values;
    budget.count(2000, values);
  }
  expect(included).toBeGreaterThan(9000);
  expect(included).toBeLessThan(13_000);
  expect(budget.share(60_000)).toBe(1);
});

test("includes no more than a second's worth before it has followed", () => {
  const budget = new EventBudget({ valuesPerSecond: 1000 });
  expect(budget.share(0)).toBe(1);
  budget.count(1000, 1000);
  expect(budget.share(10)).toBe(0);
});
