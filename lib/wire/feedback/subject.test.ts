import { expect, it } from "vitest";
import { feedbackSubject, parseFeedbackSubject } from "./subject.ts";

it("has a subject for each model", () => {
  expect(feedbackSubject("a.b")).toBe("sluice.feedback.a_2eb");
  expect(parseFeedbackSubject(feedbackSubject("a.b"))).toBe("a.b");
  expect(parseFeedbackSubject("sluice.feedback.")).toBeUndefined();
  expect(parseFeedbackSubject("sluice.prediction.a")).toBeUndefined();
});
