import { expect, it } from "vitest";
import { parsePredictionSubject, predictionSubject } from "./subject.ts";

it.each([
  { model: "wine", version: 1 },
  { model: "a.b_c-D", version: 2_147_483_647 },
])("finds its way from %j to a subject and back", (ref) => {
  const subject = predictionSubject(ref);
  expect(subject.split(".")).toHaveLength(4);
  expect(parsePredictionSubject(subject)).toEqual(ref);
});

it.each([
  "sluice.feedback.wine",
  "sluice.prediction.wine",
  "sluice.prediction.wine.0",
  "sluice.prediction.wine.1.2",
  "sluice.prediction..1",
  "sluice.prediction._20.1",
])("knows no model version in %j", (subject) => {
  expect(parsePredictionSubject(subject)).toBeUndefined();
});
