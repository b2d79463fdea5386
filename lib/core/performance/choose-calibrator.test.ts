import { expect, it } from "vitest";
import { performanceVectors } from "../../../test/support/performance-vectors.ts";
import { seededDraw } from "../random.ts";
import { chooseCalibrator } from "./choose-calibrator.ts";
import { fitIsotonic } from "./isotonic.ts";

type Case = {
  readonly name: string;
  readonly scores: readonly number[];
  readonly labels: readonly number[];
  readonly isUsed: boolean;
};

it.each(performanceVectors<Case>("estimation"))("decides as numpy does: $name", (expected) => {
  const scores = Float64Array.from(expected.scores);
  const rows = { scores, labels: Uint8Array.from(expected.labels) };
  const found = chooseCalibrator(rows, seededDraw(1));
  expect(found).toEqual(expected.isUsed ? fitIsotonic(rows) : undefined);
});

it("leaves scores alone where one side is missing", () => {
  const rows = { scores: new Float64Array(100), labels: new Uint8Array(100) };
  expect(chooseCalibrator(rows, seededDraw(1))).toBeUndefined();
});
