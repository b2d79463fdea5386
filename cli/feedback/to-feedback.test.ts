import { expect, it } from "vitest";
import { toFeedback } from "./to-feedback.ts";

it("takes a label by the id of its prediction, its request or a token", () => {
  const label = { case: "text", value: "yes" };
  expect(toFeedback({ prediction_id: "p", row: "3", label: "yes" })).toEqual({
    ...{ prediction: { case: "predictionId", value: "p" }, row: 3, label },
  });
  expect(toFeedback({ prediction_id: "", request_id: "r", row: "", label: "yes" })).toEqual({
    ...{ prediction: { case: "requestId", value: "r" }, row: 0, label },
  });
  expect(toFeedback({ prediction_token: "AQI=", label: "yes" })).toEqual({
    ...{ prediction: { case: "predictionToken", value: Uint8Array.of(1, 2) }, row: 0, label },
  });
});

it.each([
  ["12.5", { case: "number", value: 12.5 }],
  [7, { case: "number", value: 7 }],
  ["07", { case: "text", value: "07" }],
  ["9007199254740993", { case: "text", value: "9007199254740993" }],
  [true, { case: "text", value: "true" }],
  [" ", { case: "text", value: " " }],
])("takes the label %j for what it is", (label, expected) => {
  expect(toFeedback({ request_id: "r", label })).toMatchObject({ label: expected });
});

it.each([
  [{ label: "a" }, /names no prediction/],
  [{ prediction_id: "p", request_id: "r", label: "a" }, /both prediction_id and request_id/],
  [{ prediction_id: "p", row: "-1", label: "a" }, /"-1" is no index/],
  [{ prediction_id: "p", row: 0.5, label: "a" }, /is no index/],
  [{ prediction_id: "p", label: null }, /no label/],
  [{ prediction_token: "ä", label: "a" }, /no base64/],
])("says what is wrong with %j", (row, problem) => {
  expect(toFeedback(row)).toMatch(problem);
});
