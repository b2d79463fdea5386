import { expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { ScoreHistogram } from "./score-histogram.ts";

it("counts ties half", () => {
  const histogram = new ScoreHistogram();
  histogram.add(0.5, 1, 0);
  expect(histogram.auc).toBeUndefined();
  histogram.add(0.5, 0, 1);
  expect(histogram.auc).toBe(0.5);
  histogram.add(0, 0, 1);
  expect(histogram.auc).toBe(0.75);
  histogram.add(1, 1, 0);
  expect(histogram.auc).toBe(0.875);
});

it("is off by no more than half the pairs that share a bin", () => {
  const draw = seededDraw(1);
  const rows = Array.from({ length: 500 }, () => ({ score: draw(), isPositive: draw() < 0.4 }));
  const histogram = new ScoreHistogram();
  for (const { score, isPositive } of rows) {
    histogram.add(score, isPositive ? 1 : 0, isPositive ? 0 : 1);
  }
  const negatives = rows.filter(({ isPositive }) => !isPositive);
  let [area, shared] = [0, 0];
  for (const { score } of rows.filter(({ isPositive }) => isPositive)) {
    for (const other of negatives) {
      area += score > other.score ? 1 : 0;
      shared += Math.floor(score * 256) === Math.floor(other.score * 256) ? 1 : 0;
    }
  }
  const pairs = histogram.positives * histogram.negatives;
  expect(Math.abs((histogram.auc ?? 0) - area / pairs)).toBeLessThanOrEqual(shared / 2 / pairs);
});

it("merges and goes on from its state", () => {
  const one = new ScoreHistogram();
  one.add(0.25, 1, 0);
  const two = new ScoreHistogram(structuredClone(one.state()));
  two.add(0.75, 0, 1);
  two.merge(one.state());
  expect([two.positives, two.negatives, two.auc]).toEqual([2, 1, 0]);
});
