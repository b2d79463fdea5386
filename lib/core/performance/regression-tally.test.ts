import * as fc from "fast-check";
import { expect, it } from "vitest";
import { distance, performanceVectors } from "../../../test/support/performance-vectors.ts";
import { type RegressionMetrics, RegressionTally } from "./regression-tally.ts";

type Case = RegressionMetrics & {
  readonly name: string;
  readonly predicted: readonly number[];
  readonly labels: readonly number[];
};
type Row = readonly [number, number];

it.each(performanceVectors<Case>("regression"))("agrees with scikit-learn: $name", (expected) => {
  const { predicted, labels } = expected;
  const found = tallyOf(predicted.map((value, row) => [value, labels[row] as number])).metrics();
  expect(found.rows).toBe(expected.rows);
  for (const name of ["mae", "rmse", "r2", "meanError"] as const) {
    expect(distance(found[name], expected[name] as number), name).toBeLessThan(1e-9);
  }
});

const value = fc.double({ noNaN: true, min: -1e80, max: 1e80 });
const someRows = fc.array(fc.tuple(value, value), { maxLength: 20 });

it("does not depend on order, on merging, or on what was taken back", () => {
  void fc.assert(
    fc.property(someRows, someRows, (one, two) => {
      const merged = new RegressionTally(structuredClone(tallyOf(one).state()));
      merged.merge(tallyOf(two).state());
      expect(merged.metrics()).toEqual(tallyOf([...two, ...one]).metrics());
      for (const [predicted, label] of two) merged.count(predicted, label, -1);
      expect(merged.metrics()).toEqual(tallyOf(one).metrics());
    }),
  );
});

it("has no numbers without rows, and no R² where all labels are equal", () => {
  expect(new RegressionTally().metrics()).toEqual({ rows: 0 });
  expect(
    tallyOf([
      [1, 2],
      [3, 2],
    ]).metrics(),
  ).toMatchObject({ rows: 2, mae: 1, r2: undefined });
});

it("refuses what is no measurement", () => {
  const tally = new RegressionTally();
  expect(tally.count(Number.NaN, 1)).toBe(false);
  expect(tally.count(1, Number.POSITIVE_INFINITY)).toBe(false);
  expect(tally.count(1, 1e91)).toBe(false);
  expect(tally.metrics().rows).toBe(0);
});

function tallyOf(rows: readonly Row[]): RegressionTally {
  const tally = new RegressionTally();
  for (const [predicted, label] of rows) tally.count(predicted, label);
  return tally;
}
