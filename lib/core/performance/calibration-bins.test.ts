import { expect, it } from "vitest";
import { CalibrationBins } from "./calibration-bins.ts";

it("measures how far probabilities are from what came", () => {
  const bins = new CalibrationBins();
  expect(bins.error).toBeUndefined();
  for (const isHit of [true, false, false, false]) bins.count(0.5, isHit);
  expect(bins.error).toBe(0.25);
  bins.count(1, true);
  expect(bins.error).toBe(0.2);
});

it("merges, takes back, and goes on from its state", () => {
  const one = new CalibrationBins();
  one.count(0.1, true);
  const two = new CalibrationBins(JSON.parse(JSON.stringify(one.state())));
  two.count(0.3, false);
  two.merge(one.state());
  two.count(0.1, true, -1);
  two.count(0.1, true, -1);
  expect(two.error).toBe(0.3);
});
