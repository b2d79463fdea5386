import { expect, it } from "vitest";
import type { ChangePoint } from "#core/detect/change-point.ts";
import { type ChangeNews, changeEvent, changeIdentity, changeSubject } from "./change-event.ts";

const context = { cluster: "local", model: "credit.v2", stream: "SLUICE_PREDICTIONS" };
const point: ChangePoint = {
  ...({ signal: "score", name: "approved.yes", detector: "adwin" } as const),
  ...{ timeMs: 60_000, seq: 9, before: 0.123456, after: 0.3 },
};
const news: ChangeNews = { kind: "change", version: 3, digest: "d", point };

it("is a CloudEvent that says what has changed, from where to where", () => {
  expect(changeEvent(news, context)).toEqual({
    ...{ specversion: "1.0", type: "sluice.alert.change" },
    source: "/sluice/local/credit.v2/3",
    subject: "score approved.yes",
    time: "1970-01-01T00:01:00.000Z",
    datacontenttype: "application/json",
    data: {
      summary: "credit.v2@3: score approved.yes has changed from 0.1235 to 0.3",
      ...{ cluster: "local", model: "credit.v2", version: 3, digest: "d" },
      ...{ signal: "score", name: "approved.yes", detector: "adwin", before: 0.123456, after: 0.3 },
      message: { stream: "SLUICE_PREDICTIONS", seq: 9 },
    },
  });
});

it.each([
  [{ signal: "error", name: "" }, "error has changed from 0.1235 to 0.3"],
  [{ signal: "latency", name: "run" }, "latency run has changed from 0.1235 ms to 0.3 ms"],
] as const)("says in words what %j means", (of, words) => {
  const event = changeEvent({ ...news, point: { ...point, ...of } }, context);
  expect(event.data.summary).toBe(`credit.v2@3: ${words}`);
});

it("travels on a subject of the model", () => {
  expect(changeSubject("credit.v2")).toMatch(/^sluice\.alert\.[A-Za-z0-9_-]+\.change$/);
});

it("is another event of another signal, output, message, version or cluster, and only then", () => {
  const one = changeIdentity(news, context);
  expect(changeIdentity(structuredClone(news), context)).toBe(one);
  const others = [
    changeIdentity({ ...news, version: 4 }, context),
    changeIdentity({ ...news, point: { ...point, name: "other" } }, context),
    changeIdentity({ ...news, point: { ...point, signal: "latency" } }, context),
    changeIdentity({ ...news, point: { ...point, seq: 10 } }, context),
    changeIdentity(news, { ...context, cluster: "other" }),
  ];
  expect(new Set([one, ...others]).size).toBe(6);
});
