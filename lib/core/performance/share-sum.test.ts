import fc from "fast-check";
import { expect, it } from "vitest";
import { ShareSum } from "./share-sum.ts";

const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 50 });

it("gives equal sums in any order, and merged", () => {
  fc.assert(
    fc.property(shares, shares, (one, other) => {
      const whole = sumOf([...one, ...other]);
      const merged = new ShareSum(sumOf(other).state());
      merged.merge(sumOf(one).state());
      expect(merged.state()).toEqual(whole.state());
      expect(sumOf([...one, ...other].reverse()).state()).toEqual(whole.state());
      const plain = [...one, ...other].reduce((sum, share) => sum + share, 0);
      expect(whole.value).toBeCloseTo(plain, 9);
    }),
  );
});

it("is exact beyond what a double holds of its units", () => {
  const sum = new ShareSum();
  for (let row = 0; row < 10_000; row += 1) sum.add(row % 2 === 0 ? 1 : 2 ** -40);
  expect(sum.state()).toEqual({ carried: 1, units: 5_000 * 2 ** 40 + 5_000 - 2 ** 52 });
  expect(sum.value).toBe(5_000 + 5_000 * 2 ** -40);
});

function sumOf(values: readonly number[]): ShareSum {
  const sum = new ShareSum();
  for (const value of values) sum.add(value);
  return sum;
}
