import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ExactAccumulator, squaredDeviations } from "./exact-accumulator.ts";

const doubles = fc.array(fc.double({ noNaN: true, min: -1e90, max: 1e90 }), { maxLength: 40 });

it("does not depend on order, on merging, or on what was taken back", () => {
  void fc.assert(
    fc.property(doubles, doubles, (one, two) => {
      const whole = sumOf([...two, ...one]);
      const merged = sumOf(one);
      merged.merge(sumOf(two).state());
      expect(merged.value).toBe(whole.value);
      for (const value of two) merged.add(-value);
      expect(merged.value).toBe(sumOf(one).value);
    }),
  );
});

it("adds products before they are rounded", () => {
  const sum = new ExactAccumulator();
  sum.addProduct(1 + 2 ** -52, 1 + 2 ** -52);
  sum.add(-1 - 2 ** -51);
  expect(sum.value).toBe(2 ** -104);
});

it("stays small", () => {
  const sum = new ExactAccumulator();
  for (let row = 0; row < 20_000; row += 1) sum.add(Math.sin(row) * 10 ** ((row * 7) % 300));
  expect(sum.state().length).toBeLessThan(100);
});

it("takes a large mean from squares without loss", () => {
  const [sum, squares] = [new ExactAccumulator(), new ExactAccumulator()];
  for (const value of [1e12, 1e12 + 1, 1e12 + 2]) {
    sum.add(value);
    squares.addProduct(value, value);
  }
  expect(squaredDeviations(3, sum.state(), squares.state())).toBe(2);
  expect(squaredDeviations(0, [], [])).toBe(0);
});

function sumOf(values: readonly number[]): ExactAccumulator {
  const sum = new ExactAccumulator();
  for (const value of values) sum.add(value);
  return sum;
}
