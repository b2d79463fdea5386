import { expect, it } from "vitest";
import { BytesBudget } from "./bytes-budget.ts";

it("gives away what there is, and again what has been given back", () => {
  const budget = new BytesBudget(10);
  const [one, two] = [budget.share(), budget.share()];
  one.take(6);
  expect(() => two.take(5)).toThrow("5 bytes more wanted, 4 of 10 are free");
  two.take(4);
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  two.take(6);
  expect(() => two.take(1)).toThrow("1 bytes more wanted, 0 of 10 are free");
  two.give(3);
  one.take(3);
  expect(() => one.take(1)).toThrow("1 bytes more wanted, 0 of 10 are free");
});
