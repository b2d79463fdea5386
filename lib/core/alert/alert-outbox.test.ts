import { expect, it } from "vitest";
import type { AlertChange } from "./alert.ts";
import { AlertOutbox } from "./alert-outbox.ts";

it("keeps news until everybody has it", () => {
  const outbox = new AlertOutbox(10);
  outbox.add([change("x"), change("y")]);
  const [x] = outbox.due("stream");
  if (x !== undefined) outbox.settle(x, "stream");
  expect(namesOf(outbox, "stream")).toEqual(["y"]);
  expect(namesOf(outbox, "webhooks")).toEqual(["x", "y"]);
  const [again] = outbox.due("webhooks");
  if (again !== undefined) outbox.settle(again, "webhooks");
  expect(outbox.state().news).toHaveLength(1);
});

it("goes on from what was saved, and gives up the oldest where too many wait", () => {
  const before = new AlertOutbox(2);
  before.add(["a", "b", "c"].map(change));
  const outbox = new AlertOutbox(2, structuredClone(before.state()));
  expect(namesOf(outbox, "stream")).toEqual(["b", "c"]);
  expect(outbox.dropped).toBe(1);
});

function namesOf(outbox: AlertOutbox, addressee: "stream" | "webhooks"): string[] {
  return outbox.due(addressee).map(({ change }) => change.feature);
}

function change(feature: string): AlertChange {
  return {
    ...{ version: 1, side: "feature", feature, statistic: "psi.q10.half" },
    ...{ from: "pending", to: "firing", cause: "window" },
    evidence: {
      ...{ value: 1, threshold: 0.1, floor: 0.1, startMs: 0, endMs: 1000, rows: 500 },
      ...{ traceIds: [], messages: { firstSeq: 1, lastSeq: 2 }, digest: "d", baseline: "b" },
    },
  };
}
