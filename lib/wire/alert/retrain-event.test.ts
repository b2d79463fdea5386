import { expect, it } from "vitest";
import type { RetrainRequest } from "#core/alert/retrain.ts";
import { retrainEvent, retrainIdentity, retrainSubject } from "./retrain-event.ts";

const context = {
  ...{ cluster: "local", model: "credit.v2", stream: "SLUICE_PREDICTIONS" },
  created: "2026-01-01T00:00:00Z",
};

const request: RetrainRequest = {
  ...{ version: 3, digest: "d", timeMs: 300_000, rows: 4000, startMs: 0, endMs: 300_000 },
  reason: {
    ...{ kind: "drift", side: "output", feature: "score", statistic: "psi.q10.half" },
    ...{ sinceMs: 60_000, value: 0.41857, threshold: 0.1, floor: 0.05, traceIds: ["ab"] },
  },
  messages: { firstSeq: 5, lastSeq: 9 },
};

it("says why, and where the rows are", () => {
  expect(retrainEvent(request, context)).toEqual({
    ...{ specversion: "1.0", type: "sluice.retrain", subject: "credit.v2" },
    source: "/sluice/local/credit.v2/3",
    time: "1970-01-01T00:05:00.000Z",
    datacontenttype: "application/json",
    data: {
      summary:
        "credit.v2@3 should be trained again: score has drifted since 1970-01-01T00:01:00.000Z, " +
        "psi.q10.half 0.4186 > 0.1",
      ...{ cluster: "local", model: "credit.v2", version: 3, digest: "d" },
      reason: {
        ...{ kind: "drift", side: "output", feature: "score", statistic: "psi.q10.half" },
        ...{ since: "1970-01-01T00:01:00.000Z", value: 0.41857, threshold: 0.1, floor: 0.05 },
        traceIds: ["ab"],
      },
      rows: {
        ...{ count: 4000, start: "1970-01-01T00:00:00.000Z", end: "1970-01-01T00:05:00.000Z" },
        ...{ stream: "SLUICE_PREDICTIONS", created: "2026-01-01T00:00:00Z" },
        subject: expect.stringMatching(/^sluice\.prediction\.[\w-]+\.3$/),
        ...{ firstSeq: 5, lastSeq: 9 },
      },
    },
  });
});

it.each([
  [{ min: 0.9, max: undefined, value: 0.85 }, "accuracy 0.85 is below 0.9 over 700 labelled rows"],
  [{ min: undefined, max: 3, value: 3.5 }, "accuracy 3.5 is above 3 over 700 labelled rows"],
])("names the metric that is too bad: %j", (limit, words) => {
  const reason = { kind: "performance", metric: "accuracy", labelled: 700, ...limit } as const;
  const event = retrainEvent({ ...request, reason, messages: undefined }, context);
  expect(event.data.summary).toContain(words);
  expect(event.data.rows).toMatchObject({ firstSeq: null, lastSeq: null });
});

it("has a subject of the model, and is another event at another time", () => {
  expect(retrainSubject("wine")).toBe("sluice.retrain.wine");
  const other = retrainIdentity({ ...request, timeMs: 1 }, context);
  expect(retrainIdentity(request, context)).not.toBe(other);
});
