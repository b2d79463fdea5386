import { expect, it } from "vitest";
import { sampleChange } from "../../../test/support/alerts.ts";
import { NewsDesk } from "./news-desk.ts";

it("keeps what has to be told, and goes on from what was saved", () => {
  const desk = new NewsDesk(undefined);
  desk.report([sampleChange({ feature: "x" })]);
  const next = new NewsDesk(undefined, structuredClone(desk.state()));
  expect(next.outbox.waiting).toMatchObject([{ kind: "alert", change: { feature: "x" } }]);
});

it("asks nothing of a model that nobody wants to be told to train", () => {
  const desk = new NewsDesk(undefined);
  desk.consider(() => {
    throw new Error("nobody needs to know");
  });
  expect(desk.retraining).toBeUndefined();
});
