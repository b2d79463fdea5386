import { expect, it } from "vitest";
import { performanceVectors } from "../../../test/support/performance-vectors.ts";
import { seededDraw } from "../random.ts";
import { Estimate } from "./estimate.ts";
import { fitIsotonic } from "./isotonic.ts";

type Reference = readonly [number, number, number];
type Case = {
  readonly name: string;
  readonly scores: readonly number[];
  readonly labels: readonly number[];
  readonly isUsed: boolean;
  readonly live: readonly number[];
} & Readonly<Record<"accuracy" | "precision" | "recall" | "f1" | "auc", Reference>>;

const cases = performanceVectors<Case>("estimation");

it.each(cases)("agrees with numpy: $name", (expected) => {
  const found = estimateOf(expected, expected.live).metrics();
  expect(found.rows).toBe(expected.live.length);
  for (const name of ["accuracy", "precision", "recall", "f1", "auc"] as const) {
    const { value, low, high } = found[name] ?? { value: 2, low: 2, high: 2 };
    for (const [place, number] of [value, low, high].entries()) {
      expect(Math.abs(number - (expected[name][place] as number)), name).toBeLessThan(1e-9);
    }
  }
});

it.each(cases)("gives equal numbers in any order, and merged: $name", (expected) => {
  const { live } = expected;
  const whole = estimateOf(expected, live).metrics();
  expect(estimateOf(expected, live.toReversed()).metrics()).toEqual(whole);
  const state = structuredClone(estimateOf(expected, live.slice(50)).state());
  const merged = new Estimate(undefined, state);
  merged.merge(estimateOf(expected, live.slice(0, 50)).state());
  expect(merged.metrics()).toEqual(whole);
});

it("holds what comes true within its bands", () => {
  const draw = seededDraw(5);
  let outside = 0;
  for (let window = 0; window < 300; window += 1) {
    const estimate = new Estimate(undefined);
    let hits = 0;
    for (let row = 0; row < 200; row += 1) {
      const score = draw();
      estimate.count(score, score >= 0.5);
      if (score >= 0.5 === draw() < score) hits += 1;
    }
    const { low, high } = estimate.metrics().accuracy ?? { low: 1, high: 0 };
    if (hits / 200 < low || hits / 200 > high) outside += 1;
  }
  expect(outside).toBeLessThan(6);
});

it("has no numbers without rows", () => {
  const found = new Estimate(undefined).metrics();
  expect(found).toMatchObject({ rows: 0, accuracy: undefined, f1: undefined, auc: undefined });
});

function estimateOf({ scores, labels, isUsed }: Case, live: readonly number[]): Estimate {
  const rows = { scores: Float64Array.from(scores), labels: Uint8Array.from(labels) };
  const estimate = new Estimate(isUsed ? fitIsotonic(rows) : undefined);
  for (const score of live) estimate.count(score, score >= 0.5);
  return estimate;
}
