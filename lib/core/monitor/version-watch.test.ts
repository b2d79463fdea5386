import { describe, expect, it } from "vitest";
import {
  evenly,
  makeEvent,
  type SampleEvent,
  sampleDefinition,
  sampleDigest,
} from "../../../test/support/prediction-events.ts";
import type { Definition } from "./reference.ts";
import { VersionWatch } from "./version-watch.ts";

const options = { windowMs: 1000, graceMs: 500, thresholds: {} };
const definition = sampleDefinition();

describe("apply", () => {
  it("counts the rows of an event in its window", () => {
    const watch = open();
    watch.apply(many(500, { timeMs: 100 }), { nowMs: 200, seq: 1 });
    expect(watch.openWindow()).toMatchObject({ rows: 500, verdict: "ok", provisional: true });
    expect(watch.digest).toBe(sampleDigest);
    expect(watch.baselineProblem).toBe("");
    expect(watch.close(1500)).toMatchObject([{ rows: 500, verdict: "ok", provisional: false }]);
    expect(watch.history).toHaveLength(1);
    expect(watch.openWindow()).toBeUndefined();
  });

  it("knows how many rows are usual once five windows have closed", () => {
    const watch = open();
    for (let second = 1; second <= 6; second += 1) {
      const nowMs = second * 1000;
      const rows = second === 6 ? 10 : 100;
      watch.apply(many(rows, { seq: second, timeMs: nowMs, id: second * 1000 }), {
        ...{ nowMs, seq: second },
      });
    }
    const volumes = watch.close(1e5).map(({ volume }) => volume);
    expect(volumes.slice(0, 5)).toEqual(Array.from({ length: 5 }));
    expect(volumes[5]).toEqual({ usual: 100, isUnusual: true });
  });

  it("counts a message once", () => {
    const watch = open();
    expect(watch.apply(makeEvent({}), { nowMs: 0, seq: 1 })).toEqual([]);
    expect(watch.apply(makeEvent({}), { nowMs: 0, seq: 1 })).toBeUndefined();
    expect(watch.counters(0)).toMatchObject({ messages: 1, messagesDuplicate: 1 });
  });

  it("accounts for every row a producer answered", () => {
    const watch = open();
    watch.apply(many(10, { rowsCovered: 30, rowsTotal: 30 }), { nowMs: 0, seq: 1 });
    watch.apply(many(5, { seq: 3, rowsCovered: 5, rowsTotal: 75, id: 100 }), { nowMs: 0, seq: 1 });
    watch.endProducer("p", 80);
    expect(watch.counters(4)).toMatchObject({
      rowsTotal: 80,
      rowsIncluded: 15,
      rowsSampledOut: 20,
      rowsLost: 45,
      messagesMissing: 1,
      messagesPurged: 4,
      producers: 1,
    });
  });

  it("revises a closed window for late rows, without closing it again", () => {
    const watch = open();
    watch.apply(many(200, { timeMs: 100 }), { nowMs: 100, seq: 1 });
    watch.close(1500);
    const revised = watch.apply(many(50, { seq: 2, timeMs: 100, id: 900 }), {
      nowMs: 1500,
      seq: 1,
    });
    expect(revised).toMatchObject([{ startMs: 0, rows: 250, revised: true, provisional: false }]);
    expect(watch.history).toMatchObject([{ rows: 250, revised: true }]);
    expect(watch.counters(0).rowsLate).toBe(50);
  });

  it("counts rows but compares nothing with a baseline of another model file", () => {
    const watch = open();
    watch.apply(many(200, { digest: "e".repeat(64) }), { nowMs: 0, seq: 1 });
    expect(watch.baselineProblem).toContain("baseline.json was made with another model file");
    expect(watch.openWindow()).toMatchObject({ rows: 200, verdict: "insufficient" });
  });

  it("counts rows where there is no baseline", () => {
    const watch = open({ kind: "problem", problem: "it has no baseline.json" });
    watch.apply(many(200, {}), { nowMs: 0, seq: 1 });
    expect(watch.baselineProblem).toBe("it has no baseline.json");
    expect(watch.baselineRows).toBe(0);
    expect(watch.openWindow()).toMatchObject({ rows: 200, features: [] });
  });

  it("says when a column is of another type than the baseline's", () => {
    const watch = open();
    const event = many(1, {});
    const columns = event.columns.map((column) => ({ ...column, dtype: "INT32" as const }));
    watch.apply({ ...event, columns }, { nowMs: 0, seq: 1 });
    expect(watch.baselineProblem).toContain("feature x: the baseline has FP64 numbers");
    expect(watch.openWindow()?.features[0]?.quality.typeErrors).toBe(1);
    watch.apply(makeEvent({ seq: 2, rowsTotal: 1, of: [] }), { nowMs: 1, seq: 1 });
    expect(watch.baselineProblem).toContain("feature x: the baseline has FP64 numbers");
  });
});

it("drops what was counted by another reference", () => {
  const watch = open();
  watch.apply(many(10, {}), { nowMs: 0, seq: 1 });
  watch.redefine(sampleDefinition());
  expect(watch.openWindow()?.rows).toBe(10);
  watch.redefine(sampleDefinition("two"));
  expect(watch.openWindow()).toBeUndefined();
  watch.redefine({ kind: "problem", problem: "gone" });
  expect(watch.baselineProblem).toBe("gone");
});

it("keeps a bounded history", () => {
  const watch = open();
  for (let second = 1; second <= 130; second += 1) {
    watch.close(second * 1000);
    const nowMs = second * 1000;
    watch.apply(many(1, { seq: second, timeMs: nowMs, id: second }), { nowMs, seq: second });
  }
  watch.close(1e6);
  expect(watch.history).toHaveLength(120);
  expect(watch.history[0]?.startMs).toBe(130_000);
});

it("forgets its panes, not its accounts, when it comes back with another window", () => {
  const watch = open();
  watch.apply(many(10, {}), { nowMs: 0, seq: 1 });
  watch.quarantine();
  const saved = { state: watch.state(), history: [] };
  const same = new VersionWatch(1, definition, options, saved);
  expect(same.state()).toEqual(watch.state());
  const other = new VersionWatch(1, definition, { ...options, windowMs: 2000 }, saved);
  expect(other.openWindow()).toBeUndefined();
  expect(other.counters(0)).toEqual(watch.counters(0));
});

function open(of: Definition = definition): VersionWatch {
  return new VersionWatch(1, of, options);
}

function many(count: number, given: SampleEvent & { timeMs?: number; id?: number }) {
  const { timeMs = 0, id = 1, ...rest } = given;
  return makeEvent({ of: [{ id, timeMs, x: evenly(count) }], ...rest });
}
