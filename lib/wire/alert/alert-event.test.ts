import { expect, it } from "vitest";
import { sampleChange } from "../../../test/support/alerts.ts";
import { alertEvent, alertIdentity, alertSubject } from "./alert-event.ts";

const context = { cluster: "local", model: "credit.v2", stream: "SLUICE_PREDICTIONS" };
const change = sampleChange();

it("is a CloudEvent that names everything there is to act on", () => {
  expect(alertEvent(change, context)).toEqual({
    ...{ specversion: "1.0", type: "sluice.alert.drift" },
    source: "/sluice/local/credit.v2/3",
    subject: "income",
    time: "1970-01-01T00:02:00.000Z",
    datacontenttype: "application/json",
    data: {
      summary: "credit.v2@3: input income has drifted: psi.q10.half is 0.4186, its limit 0.1",
      ...{ cluster: "local", model: "credit.v2", version: 3, digest: "d", baseline: "b" },
      ...{ side: "feature", feature: "income", statistic: "psi.q10.half" },
      ...{ state: "firing", previous: "pending", cause: "window" },
      ...{ value: 0.41857, threshold: 0.1, floor: null },
      window: { start: "1970-01-01T00:01:00.000Z", end: "1970-01-01T00:02:00.000Z", rows: 800 },
      traceIds: ["ab"],
      messages: { stream: "SLUICE_PREDICTIONS", firstSeq: 5, lastSeq: 9 },
    },
  });
});

it.each([
  [{ to: "clearing", from: "firing" }, "is calming down"],
  [{ to: "firing", from: "clearing" }, "has not calmed down"],
  [{ to: "ok", from: "clearing" }, "is as in the baseline again"],
  [{ to: "ok", from: "firing", cause: "baseline" }, "has changed"],
  [{ to: "ok", from: "firing", cause: "silence" }, "no window has spoken"],
] as const)("says in words what %j means", (of, words) => {
  expect(alertEvent({ ...change, ...of }, context).data.summary).toContain(words);
});

it("travels on a subject of the model", () => {
  expect(alertSubject("wine")).toBe("sluice.alert.wine.drift");
  expect(alertSubject("credit.v2").split(".")).toHaveLength(4);
});

it("is another event with another window, state, feature or cluster, and only then", () => {
  const one = alertIdentity(change, context);
  expect(alertIdentity(structuredClone(change), context)).toBe(one);
  const later = { ...change.evidence, endMs: 180_000 };
  const others = [
    alertIdentity({ ...change, evidence: later }, context),
    alertIdentity({ ...change, to: "ok" }, context),
    alertIdentity({ ...change, feature: "age" }, context),
    alertIdentity(change, { ...context, cluster: "other" }),
  ];
  expect(new Set([one, ...others]).size).toBe(5);
});
