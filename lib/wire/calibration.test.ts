import { expect, it } from "vitest";
import { calibrationToPlain, readCalibration } from "./calibration.ts";
import { JsonReader } from "./json-reader.ts";

const plain = { classes: 2, rows: 100, scores: [0.25, 0.5], values: [0, 0.75] };

it("reads what it writes", () => {
  const reader = new JsonReader();
  const calibration = readCalibration(reader, plain);
  expect(reader.problems).toEqual([]);
  expect(calibration && calibrationToPlain(calibration)).toEqual(plain);
  expect(readCalibration(reader, undefined)).toBeUndefined();
});

it.each<[object, string]>([
  [{ classes: 1 }, "calibration.classes: expected 2 to"],
  [{ rows: -1 }, "calibration.rows: expected a count"],
  [{ scores: [0.5, 0.25] }, "calibration.scores[1]: is below the one before it, or above 1"],
  [{ values: [0, 1.5] }, "calibration.values[1]: is below"],
  [{ values: [-1, 0.5] }, "calibration.values[0]: is below"],
  [{ values: [0.5] }, "calibration: has 2 scores and 1 values"],
  [{ scores: [], values: [] }, "calibration.scores: has 0 entries"],
  [{ scores: "0.5" }, "calibration.scores: expected a list"],
])("says what is wrong with %j", (change, problem) => {
  const reader = new JsonReader();
  readCalibration(reader, { ...plain, ...change });
  expect(reader.problems.join("; ")).toContain(problem);
});
