import { expect, it } from "vitest";
import { nameOfCalibrator } from "./calibration.ts";

it("names equal calibrators alike", () => {
  const made = (value: number) => ({
    scores: Float64Array.of(0, 1),
    values: Float64Array.of(0, value),
  });
  expect(nameOfCalibrator(made(0.5))).toBe(nameOfCalibrator(made(0.5)));
  expect(nameOfCalibrator(made(0.5))).not.toBe(nameOfCalibrator(made(0.75)));
  expect(nameOfCalibrator(undefined)).toBe("");
});
