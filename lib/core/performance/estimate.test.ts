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

const plain = { classes: 2, calibrator: undefined };
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
  const merged = new Estimate(plain, state);
  merged.merge(estimateOf(expected, live.slice(0, 50)).state());
  expect(merged.metrics()).toEqual(whole);
});

it("holds what comes true within its bands", () => {
  const draw = seededDraw(5);
  let outside = 0;
  for (let window = 0; window < 300; window += 1) {
    const estimate = new Estimate(plain);
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

it("knows the accuracy alone of more than two classes", () => {
  const estimate = new Estimate({ classes: 3, calibrator: undefined });
  for (const score of [0.5, 0.75, 1]) estimate.count(score, true);
  const found = new Estimate({ classes: 3, calibrator: undefined }, estimate.state()).metrics();
  expect(found).toMatchObject({ rows: 3, accuracy: { value: 0.75, high: 1 } });
  expect(found.accuracy?.low).toBeCloseTo(0.75 - Math.sqrt(0.25 + 0.1875), 12);
  expect([found.precision, found.auc, found.confusion]).toEqual([undefined, undefined, undefined]);
});

it("has no numbers without rows", () => {
  const found = new Estimate(plain).metrics();
  expect(found).toMatchObject({ rows: 0, accuracy: undefined, f1: undefined, auc: undefined });
});

function estimateOf({ scores, labels, isUsed }: Case, live: readonly number[]): Estimate {
  const rows = { scores: Float64Array.from(scores), labels: Uint8Array.from(labels) };
  const calibrator = isUsed ? fitIsotonic(rows) : undefined;
  const estimate = new Estimate({ classes: 2, calibrator });
  for (const score of live) estimate.count(score, score >= 0.5);
  return estimate;
}
