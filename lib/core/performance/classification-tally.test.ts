import * as fc from "fast-check";
import { expect, it } from "vitest";
import { distance, performanceVectors } from "../../../test/support/performance-vectors.ts";
import {
  type ClassificationMetrics,
  ClassificationTally,
  isProbability,
} from "./classification-tally.ts";

type Case = ClassificationMetrics & {
  readonly name: string;
  readonly classes: number;
  readonly predicted: readonly number[];
  readonly labels: readonly number[];
  readonly scores: readonly (readonly number[])[];
};
type Row = {
  readonly predicted: number;
  readonly label: number;
  readonly scores: readonly number[];
};

const cases = performanceVectors<Case>("classification");

it.each(cases)("agrees with scikit-learn: $name", (expected) => {
  const found = tallyOf(expected.classes, rowsOf(expected)).metrics();
  expect(found).toMatchObject({ rows: expected.rows, scored: expected.rows });
  for (const name of ["accuracy", "logLoss", "brier", "ece"] as const) {
    expect(distance(found[name], expected[name] as number), name).toBeLessThan(1e-9);
  }
  // Off the grid two scores of one bin count as equal.
  const closeness = expected.name === "off the grid" ? 2 / 256 : 1e-9;
  expect(distance(found.auc, expected.auc as number)).toBeLessThan(closeness);
  const weighted = expected.aucWeighted ?? (expected.auc as number);
  expect(distance(found.aucWeighted, weighted)).toBeLessThan(closeness);
  for (const group of ["positive", "macro", "weighted"] as const) {
    for (const name of ["precision", "recall", "f1"] as const) {
      const value = expected[group]?.[name];
      if (value === undefined) expect(found[group]).toBeUndefined();
      else expect(distance(found[group]?.[name], value), `${group} ${name}`).toBeLessThan(1e-9);
    }
  }
});

it.each(cases)("gives equal numbers in any order, merged and taken back: $name", (expected) => {
  const rows = rowsOf(expected);
  const whole = tallyOf(expected.classes, rows).metrics();
  expect(tallyOf(expected.classes, rows.toReversed()).metrics()).toEqual(whole);
  void fc.assert(
    fc.property(fc.nat(rows.length), (cut) => {
      const rest = tallyOf(expected.classes, rows.slice(cut));
      const one = structuredClone(tallyOf(expected.classes, rows.slice(0, cut)).state());
      const merged = new ClassificationTally(expected.classes, one);
      merged.merge(rest.state());
      expect(merged.metrics()).toEqual(whole);
      for (const row of rows.slice(0, cut)) merged.count(row, row.label, -1);
      expect(merged.metrics()).toEqual(rest.metrics());
    }),
    { numRuns: 20 },
  );
});

it("counts rows without probabilities or with labels unheard of", () => {
  const tally = tallyOf(2, [
    { predicted: 1, label: 1, scores: [] },
    { predicted: 1, label: 1, scores: [1.5] },
    { predicted: 1, label: 99, scores: [0.5] },
  ]);
  expect(tally.metrics()).toMatchObject({
    rows: 3,
    accuracy: 2 / 3,
    scored: 0,
    auc: undefined,
    logLoss: undefined,
    brier: undefined,
    ece: undefined,
  });
  const odd = tallyOf(3, [{ predicted: 1, label: 1, scores: [0.5, Number.NaN, 0] }]);
  expect(odd.metrics().scored).toBe(0);
});

it("bounds what a certain mistake costs", () => {
  const { logLoss } = tallyOf(2, [{ predicted: 1, label: 0, scores: [0, 1] }]).metrics();
  expect(logLoss).toBeCloseTo(-Math.log(1e-15), 9);
});

it.each([
  [0, true],
  [1, true],
  [-0.1, false],
  [1.1, false],
  [Number.NaN, false],
])("takes %d for a probability: %s", (score, expected) => {
  expect(isProbability(score)).toBe(expected);
});

function rowsOf({ predicted, labels, scores }: Case): Row[] {
  return predicted.map((code, row) => ({
    predicted: code,
    label: labels[row] as number,
    scores: scores[row] ?? [],
  }));
}

function tallyOf(classes: number, rows: readonly Row[]): ClassificationTally {
  const tally = new ClassificationTally(classes);
  for (const row of rows) tally.count(row, row.label);
  return tally;
}
