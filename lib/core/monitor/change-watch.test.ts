import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  makeEvent,
  type SampleEvent,
  sampleDefinition,
} from "../../../test/support/prediction-events.ts";
import { type Signal, signals } from "../detect/change-point.ts";
import type { EventColumn, PredictionEvent } from "../prediction/event.ts";
import { seededDraw } from "../random.ts";
import { ModelWatch } from "./model-watch.ts";
import type { StreamMessage } from "./stream-message.ts";

const options = { model: "wine", windowMs: 60_000, graceMs: 500, thresholds: {} };
const definitions = new Map([[1, sampleDefinition()]]);
const still = 400;
const rows = 10;

describe("a change is told, with the message it was found in,", () => {
  it("of the mean of an output", () => {
    const { changes, watch } = play({ score: (draw, at) => draw() + (at < still ? 0 : 1) });
    expect(changes).toHaveLength(1);
    expect(changes[0]).toMatchObject({ signal: "score", name: "value" });
    const { seq = 0, timeMs, before, after } = changes[0] ?? {};
    expect(seq).toBeGreaterThan(still);
    expect(seq).toBeLessThan(still + 64);
    expect(timeMs).toBe(seq * 250);
    expect(before).toBeCloseTo(0.5, 1);
    expect(after).toBeCloseTo(1.5, 1);
    expect(watch.news.waiting).toMatchObject([{ kind: "change", version: 1, point: { seq } }]);
  });

  it("of the time of a run, and of that time with the queue", () => {
    const { changes } = play({ runUs: (draw, at) => (at < still ? 1000 : 3000) * (1 + draw()) });
    expect(changes.map(({ name }) => name).sort()).toEqual(["run", "total"]);
    for (const { signal, before, after } of changes) {
      expect(signal).toBe("latency");
      expect(before).toBeCloseTo(1.5, 1);
      expect(after / before).toBeCloseTo(3, 0);
    }
  });

  it("of the wait in the queue alone", () => {
    const { changes } = play({ queueUs: (draw, at) => (at < still ? 0 : 4000) * (1 + draw()) });
    expect(changes).toMatchObject([{ signal: "latency", name: "total" }]);
  });

  it.each([
    ["rows that have no values", { failed: (_: unknown, at: number) => (at < still ? 0 : 5) }],
    ["rows with a status", { status: (_: unknown, at: number) => (at < still ? 0 : 13) }],
  ])("of errors, by %s", (_what, of) => {
    const { changes } = play(of);
    expect(changes).toMatchObject([{ signal: "error", name: "" }]);
    expect(changes[0]?.before).toBeCloseTo(0, 9);
    expect(changes[0]?.after).toBeGreaterThan(0.3);
  });
});

describe("no change is told", () => {
  it("where nothing has", () => {
    const { changes } = play({
      score: (draw) => draw(),
      runUs: (draw) => 1000 / (1.01 - draw()),
      failed: (draw) => Number(draw() < 0.01),
      messages: 4000,
    });
    expect(changes).toEqual([]);
  });

  it("of shadows, of rows that are known, and of messages that came before", () => {
    const { changes } = play({
      score: (draw) => draw(),
      after: (event, at) => {
        if (at < still) return [event];
        const other = eventOf(event.seq + 10_000, { score: 5, runUs: 9e6 });
        const { requests } = event;
        const { roles } = requests;
        const shadow = {
          ...{ ...other, producer: "s" },
          requests: { ...other.requests, roles: roles.map(() => "shadow" as const) },
        };
        const { predictionIds } = requests;
        const again = { ...event, columns: other.columns, producer: "h" };
        return [event, shadow, { ...again, requests: { ...requests, predictionIds } }, event];
      },
    });
    expect(changes).toEqual([]);
  });

  it.each(signals)("of %s where that is switched off", (signal) => {
    const on = signals.filter((each) => each !== signal);
    const { changes } = play({
      score: (draw, at) => draw() + (at < still ? 0 : 3),
      runUs: (_, at) => (at < still ? 1000 : 9000),
      failed: (_, at) => (at < still ? 0 : 9),
      watched: on,
    });
    expect(new Set(changes.map((each) => each.signal))).toEqual(new Set(on));
  });
});

it("passes over values that are null or no numbers", () => {
  const columns = [columnOf("value", [1, Number.NaN, Number.POSITIVE_INFINITY, 7], [3])];
  const { watch } = play({ messages: 200, after: (event) => [{ ...event, columns }] });
  const score = watch.state().versions[0]?.changes?.watched.find(({ name }) => name === "value");
  expect(score?.state).toMatchObject({ rows: 168, total: 168, learnt: { mean: 1, rows: 1 } });
});

it("watches so many outputs and no more, and keeps so many changes", () => {
  const columns = Array.from({ length: 40 }, (_, place) => columnOf(`o.${place}`, [place]));
  const { watch } = play({ messages: 3, after: (event) => [{ ...event, columns }] });
  const names = watch.state().versions[0]?.changes?.watched.map(({ name }) => name);
  expect(names?.filter((name) => name.startsWith("o."))).toHaveLength(16);
  const many = play({ score: (_, at) => Math.floor(at / 200), messages: 10_000 });
  expect(many.changes).toHaveLength(32);
  expect(many.changes[0]?.after).toBe(49);
  expect(many.watch.report(1)?.changeCounts.reduce((sum, { count }) => sum + count, 0)).toBe(49);
});

it("goes on from what was saved by a monitor that watched no signals", () => {
  const { watch } = play({ messages: 5 });
  const { versions, ...state } = watch.state();
  const older = versions.map(({ changes: _, ...version }) => version);
  const saved = { state: { ...state, versions: older }, history: watch.history() };
  expect(new ModelWatch(options, definitions, saved).report(1)?.changes).toEqual([]);
});

it("finds the same when it is killed at any message, and messages come twice", () => {
  void fc.assert(
    fc.property(
      fc.integer(),
      fc.array(fc.record({ count: fc.nat(300), level: fc.nat(2) }), { maxLength: 4 }),
      fc.array(fc.nat(1000), { maxLength: 4 }),
      (seed, parts, cuts) => {
        const draw = seededDraw(seed);
        const whole = new ModelWatch(options, definitions);
        let parted = new ModelWatch(options, definitions);
        let seq = 0;
        for (const { count, level } of [{ count: 200, level: 0 }, ...parts]) {
          for (let index = 0; index < count; index += 1) {
            seq += 1;
            const given = { score: draw() + level, runUs: 500 * (1 + level), failed: level };
            const message = messageOf(eventOf(seq, given), seq);
            if (cuts.includes(seq)) {
              const saved = structuredClone({ state: parted.state(), history: parted.history() });
              parted = new ModelWatch(options, definitions, saved);
            }
            parted.apply(message);
            whole.apply(message);
          }
        }
        expect(parted.state()).toEqual(whole.state());
        expect(parted.report(1)).toEqual(whole.report(1));
        const found = whole.report(1)?.changes;
        for (let again = 1; again <= seq; again += 50) {
          whole.apply(messageOf(eventOf(again, { score: 9, runUs: 9, failed: 9 }), seq + again));
        }
        expect(whole.report(1)?.changes).toEqual(found);
      },
    ),
    { numRuns: 30 },
  );
});

type Of = (draw: () => number, at: number) => number;

type Played = {
  readonly score?: Of;
  readonly runUs?: Of;
  readonly queueUs?: Of;
  readonly failed?: Of;
  readonly status?: Of;
  readonly messages?: number;
  readonly watched?: readonly Signal[];
  /** What comes in place of an event. */
  readonly after?: (event: PredictionEvent, at: number) => readonly PredictionEvent[];
};

/** Four messages a second, of which each value is drawn as told. */
function play(of: Played) {
  const draw = seededDraw(1);
  const watch = new ModelWatch(
    { ...options, ...(of.watched === undefined ? {} : { changes: of.watched }) },
    definitions,
  );
  let seq = 0;
  for (let at = 0; at < (of.messages ?? still + 200); at += 1) {
    const given = {
      score: of.score?.(draw, at) ?? 0,
      runUs: of.runUs?.(draw, at) ?? 500,
      queueUs: of.queueUs?.(draw, at) ?? 0,
      failed: of.failed?.(draw, at) ?? 0,
      status: of.status?.(draw, at) ?? 0,
    };
    const event = eventOf(at + 1, given);
    for (const each of of.after?.(event, at) ?? [event]) {
      seq = at + 1;
      watch.apply(messageOf(each, seq));
    }
  }
  return { watch, changes: watch.report(1)?.changes ?? [] };
}

type Given = {
  readonly score: number;
  readonly runUs: number;
  readonly queueUs?: number;
  readonly failed?: number;
  readonly status?: number;
};

/** Of two requests, of which the second has the status. */
function eventOf(seq: number, given: Given): PredictionEvent {
  const x = Array.from({ length: rows / 2 }, () => 0);
  const { status = 0, failed = 0, queueUs = 0, runUs } = given;
  const of: SampleEvent["of"] = [
    { id: seq * 2, timeMs: seq * 250, x },
    { id: seq * 2 + 1, timeMs: seq * 250, x, status },
  ];
  const event = makeEvent({ of, seq, rowsTotal: seq * rows, rowsFailed: failed });
  const requests = { ...event.requests, queueUs: [queueUs, queueUs], runUs: [runUs, runUs] };
  return { ...event, requests, columns: [columnOf("value", Array(rows).fill(given.score))] };
}

function columnOf(
  name: string,
  first: readonly number[],
  nulls: readonly number[] = [],
): EventColumn {
  const data = Float64Array.from({ length: rows }, (_, place) => first[place] ?? Number.NaN);
  const bits = new Uint8Array(nulls.length === 0 ? 0 : 2);
  for (const place of nulls) bits[0] = (bits[0] ?? 0) | (1 << place);
  return { name, kind: "output", dtype: "FP64", nulls: bits, values: { kind: "numbers", data } };
}

function messageOf(event: PredictionEvent, seq: number): StreamMessage {
  return { timeMs: seq * 250, seq, version: 1, body: { kind: "event", event } };
}
