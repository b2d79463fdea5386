import { expect, it } from "vitest";
import { sampleChange } from "../../../test/support/alerts.ts";
import { type News, Outbox } from "./outbox.ts";
import type { RetrainRequest } from "./retrain.ts";

it("keeps news until it is told", () => {
  const outbox = new Outbox(10);
  outbox.add([news("x"), news("y")]);
  const [x] = outbox.waiting;
  if (x !== undefined) outbox.remove(x);
  expect(outbox.waiting).toMatchObject([{ change: { feature: "y" } }]);
});

it("goes on from what was saved, and gives up the oldest where too many wait", () => {
  const before = new Outbox(2);
  before.add(["a", "b", "c"].map(news));
  const outbox = new Outbox(2, structuredClone(before.state()));
  expect(outbox.waiting).toMatchObject([
    { change: { feature: "b" } },
    { change: { feature: "c" } },
  ]);
  outbox.add([news("d"), news("e")]);
  expect(outbox.state()).toMatchObject({ news: [{ change: { feature: "d" } }, {}], dropped: 3 });
});

it("does not give up a request for training for alerts", () => {
  const outbox = new Outbox(2);
  const request = { version: 1, digest: "d", timeMs: 1 } as RetrainRequest;
  outbox.add([{ kind: "retrain", request }, news("x")]);
  outbox.add([news("y"), news("z")]);
  expect(outbox.waiting).toMatchObject([{ kind: "retrain" }, { change: { feature: "z" } }]);
  expect(outbox.state().dropped).toBe(2);
});

it("forgets sequences where the stream they speak of is gone", () => {
  const outbox = new Outbox(2);
  const messages = { firstSeq: 1, lastSeq: 2 };
  const request = { version: 1, digest: "d", timeMs: 1, messages } as RetrainRequest;
  outbox.add([{ kind: "retrain", request }, news("x")]);
  outbox.forgetSequences();
  expect(outbox.waiting).toEqual([
    { kind: "retrain", request: { ...request, messages: undefined } },
    news("x"),
  ]);
});

function news(feature: string): News {
  return { kind: "alert", change: sampleChange({ feature }) };
}
