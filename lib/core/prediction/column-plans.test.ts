import { expect, test } from "vitest";
import { ColumnPlans } from "./column-plans.ts";

const model = { features: [], predictions: [] };

function request(width: number) {
  const shape = [2, width];
  return { inputs: [{ name: "x", dtype: "FP32" as const, shape }], outputs: [], rows: 2 };
}

test("makes one plan for requests of a kind", () => {
  const plans = new ColumnPlans(model);
  const plan = plans.of(request(3));
  expect(plans.of(request(4))).not.toBe(plan);
  expect(plans.of(request(3))).toBe(plan);
  expect(plan.suits(request(3))).toBe(true);
});

test("forgets the kind that was longest without requests", () => {
  const plans = new ColumnPlans(model);
  const first = plans.of(request(1));
  for (let width = 2; width <= 8; width += 1) plans.of(request(width));
  expect(plans.of(request(1))).toBe(first);
  plans.of(request(9));
  expect(plans.of(request(1))).toBe(first);
  for (let width = 10; width < 18; width += 1) plans.of(request(width));
  expect(plans.of(request(1))).not.toBe(first);
});
