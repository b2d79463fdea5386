import * as fc from "fast-check";
import { expect, it } from "vitest";
import { exactSum } from "./exact-sum.ts";

it.each([
  [[], 0],
  [[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 1],
  [[1e100, 1, -1e100], 1],
  [[1, 2 ** -53, 2 ** -106], 1 + 2 ** -52],
  [[1, 2 ** -53], 1],
  [[1, 2 ** -53, -(2 ** -106)], 1],
])("sums %j to %d", (values, sum) => {
  expect(exactSum(values)).toBe(sum);
});

it("gives the same sum in any order", () => {
  const doubles = fc.array(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }),
    { maxLength: 50 },
  );
  void fc.assert(
    fc.property(doubles, (values) => {
      expect(exactSum(values.toReversed())).toBe(exactSum(values));
      expect(exactSum([...values, ...values.map((value) => -value)])).toBe(0);
    }),
  );
});
