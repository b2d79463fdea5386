import * as fc from "fast-check";
import { expect, it } from "vitest";
import { performanceVectors } from "../../../test/support/performance-vectors.ts";
import { calibrate, fitIsotonic, type ScoredLabels } from "./isotonic.ts";

type Case = {
  readonly name: string;
  readonly scores: readonly number[];
  readonly labels: readonly number[];
  readonly asked: readonly number[];
  readonly calibrated: readonly number[];
};

it.each(performanceVectors<Case>("estimation"))("agrees with scikit-learn: $name", (expected) => {
  const calibrator = fitIsotonic(rowsOf(expected));
  if (calibrator === undefined) throw new Error("expected a calibrator");
  for (const [place, score] of expected.asked.entries()) {
    expect(calibrate(calibrator, score)).toBeCloseTo(expected.calibrated[place] as number, 9);
  }
});

it("never falls, stays a probability, and stays small", () => {
  const row = fc.tuple(fc.double({ noNaN: true, min: 0, max: 1 }), fc.integer({ min: 0, max: 1 }));
  void fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 1_500 }), (rows) => {
      const calibrator = fitIsotonic({
        scores: Float64Array.from(rows, ([score]) => score),
        labels: Uint8Array.from(rows, ([, label]) => label),
      });
      if (calibrator === undefined) throw new Error("expected a calibrator");
      expect(calibrator.scores.length).toBeLessThanOrEqual(1_024);
      let before = 0;
      for (let score = -0.1; score < 1.1; score += 0.01) {
        const value = calibrate(calibrator, score);
        expect(value).toBeGreaterThanOrEqual(before);
        expect(value).toBeLessThanOrEqual(1);
        before = value;
      }
    }),
    { numRuns: 30 },
  );
});

it("takes neighbours together where there are many scores", () => {
  const scores = Float64Array.from({ length: 20_000 }, (_, row) => row / 20_000);
  const labels = Uint8Array.from(scores, (score, row) => ((row * 7) % 10 < score * 10 ? 1 : 0));
  const calibrator = fitIsotonic({ scores, labels });
  expect(calibrator?.scores.length).toBeLessThanOrEqual(1_024);
  if (calibrator !== undefined) expect(calibrate(calibrator, 0.45)).toBeCloseTo(0.5, 1);
});

it("has nothing to go by without rows", () => {
  expect(fitIsotonic(rowsOf({ scores: [], labels: [] }))).toBeUndefined();
});

function rowsOf({ scores, labels }: Pick<Case, "scores" | "labels">): ScoredLabels {
  return { scores: Float64Array.from(scores), labels: Uint8Array.from(labels) };
}
