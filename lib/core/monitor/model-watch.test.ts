import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  makeEvent,
  type SampleRequest,
  sampleDefinition,
} from "../../../test/support/prediction-events.ts";
import type { ModelState } from "./model-state.ts";
import { ModelWatch } from "./model-watch.ts";
import type { Definition } from "./reference.ts";
import type { StreamMessage } from "./stream-message.ts";

const options = { model: "wine", windowMs: 1000, graceMs: 500, thresholds: {} };
const schema = new Map([["x", { min: -1, max: 0.5, integral: true, required: true }]]);
const definitions = new Map([
  [1, sampleDefinition()],
  [3, sampleDefinition("declared", schema)],
]);

describe("apply", () => {
  it("closes windows by the stream's time alone", () => {
    const watch = open();
    watch.apply(message({ timeMs: 100, of: [{ id: 1, timeMs: 50 }] }));
    const { windows } = watch.apply(
      message({ timeMs: 1499, seq: 2, of: [{ id: 2, timeMs: 900 }] }),
    );
    expect(windows).toEqual([]);
    const closing = watch.apply(message({ timeMs: 1500, seq: 3, of: [] }));
    expect(closing).toMatchObject({
      outcome: "counted",
      windows: [{ version: 1, window: { rows: 2 } }],
    });
    expect(watch.historyRevision).toBe(1);
    expect(watch.report(1)).toMatchObject({ closed: { rows: 2 }, monitorTimeMs: 1500 });
    expect(watch.windows(1)).toHaveLength(1);
  });

  it("does not let a time that falls reopen anything", () => {
    const watch = open();
    watch.apply(message({ timeMs: 5000 }));
    watch.apply(message({ timeMs: 10, seq: 2 }));
    expect(watch.report(1)?.monitorTimeMs).toBe(5000);
  });

  it("puts aside what it cannot use, and keeps the last few of them", () => {
    const watch = open();
    const bad = { ...message({ timeMs: 1 }), body: { kind: "malformed", problem: "odd" } } as const;
    for (let seq = 1; seq <= 60; seq += 1) {
      expect(watch.apply({ ...bad, seq }).outcome).toBe("quarantined");
    }
    expect(watch.quarantine).toHaveLength(50);
    expect(watch.quarantine.at(-1)).toEqual({ version: 1, seq: 60, timeMs: 1, problem: "odd" });
    expect(watch.report(1)?.counters.messagesQuarantined).toBe(60);
  });

  it("puts aside an event whose accounts cannot be true", () => {
    const watch = open();
    const wrong = makeEvent({ rowsTotal: 0 });
    const body = { kind: "event", event: wrong } as const;
    expect(watch.apply({ ...message({ timeMs: 1 }), body }).outcome).toBe("quarantined");
    expect(watch.report(1)?.counters.messages).toBe(0);
  });

  it("takes a gateway's word for rows it did not hear of", () => {
    const watch = open();
    const end = { producer: "p", answered: 40, gateway: "g" };
    watch.apply({ ...message({ timeMs: 1 }), body: { kind: "producer-end", end } });
    expect(watch.report(1)?.counters).toMatchObject({ rowsTotal: 40, rowsLost: 40 });
  });

  it.each([
    ["a sum that no producer can have answered", { producer: "p", answered: 2 ** 60 }],
    ["no name", { producer: "", answered: 1 }],
    ["a name as long as a message", { producer: "p".repeat(1000), answered: 1 }],
  ])("puts aside a gateway's word with %s", (_what, end) => {
    const watch = open();
    const body = { kind: "producer-end", end: { ...end, gateway: "g" } } as const;
    expect(watch.apply({ ...message({ timeMs: 1 }), body }).outcome).toBe("quarantined");
    expect(watch.report(1)?.counters).toMatchObject({ rowsLost: 0, producers: 0 });
  });

  it("forgets the version that was silent longest when there are too many", () => {
    const watch = new ModelWatch(options);
    for (let version = 1; version <= 33; version += 1) {
      watch.define(version, { kind: "problem", problem: "it has no baseline.json" });
      watch.apply({ ...message({ timeMs: 1 }), version, body: { kind: "malformed", problem: "" } });
    }
    expect(watch.versions()).toHaveLength(32);
    expect(watch.report(1)).toBeUndefined();
    expect(watch.isDefined(1)).toBe(false);
  });
});

describe("alerts", () => {
  it("fire after two windows, and wait to be told", () => {
    const watch = open();
    for (const second of [0, 1]) drift(watch, second);
    expect(watch.report(1)?.alerts).toMatchObject([
      { side: "feature", feature: "x", state: { kind: "pending" } },
      { side: "output", feature: "label", state: { kind: "pending" } },
    ]);
    expect(changesOf(watch)).toEqual([]);
    drift(watch, 2);
    expect(changesOf(watch)).toMatchObject([
      { feature: "x", to: "firing", evidence: { messages: { firstSeq: 2, lastSeq: 2 } } },
      { feature: "label", to: "firing", evidence: { startMs: 1000, endMs: 2000, rows: 200 } },
    ]);
  });

  it("do not fire for a window that late rows revise", () => {
    const watch = open();
    for (const second of [0, 1]) drift(watch, second);
    const late = drift(watch, 0, { timeMs: 2499, seq: 99, id: 99 });
    expect(late.windows).toMatchObject([{ window: { revised: true, verdict: "alarm" } }]);
    expect(watch.report(1)?.alerts).toMatchObject([{ state: { kind: "pending" } }, {}]);
  });

  it("go on from what was saved, also by a monitor that knew of none", () => {
    const watch = open();
    for (const second of [0, 1]) drift(watch, second);
    const { news: _, ...state } = watch.state();
    const versions = state.versions.map(({ alerts: _alerts, ...version }) => version);
    const older = restored({ ...state, versions }, watch);
    const newer = restored(watch.state(), watch);
    for (const each of [older, newer]) drift(each, 2);
    expect(older.report(1)?.alerts).toMatchObject([{ state: { kind: "pending" } }, {}]);
    expect(newer.report(1)?.alerts).toMatchObject([{ state: { kind: "firing" } }, {}]);
  });

  it("end, and that waits, when what is compared with has changed meanwhile", () => {
    const watch = open();
    for (const second of [0, 1, 2]) drift(watch, second);
    const other = new Map([[1, { kind: "problem", problem: "gone" } as const]]);
    const next = restored(watch.state(), watch, other);
    expect(changesOf(next)).toMatchObject([
      ...[{ to: "firing" }, { to: "firing" }],
      ...[
        { to: "ok", cause: "baseline" },
        { to: "ok", cause: "baseline" },
      ],
    ]);
    expect(next.report(1)?.alerts).toEqual([]);
  });

  it("end with a version that is forgotten", () => {
    const watch = open();
    for (const second of [0, 1, 2]) drift(watch, second);
    for (let version = 2; version <= 33; version += 1) {
      const body = { kind: "malformed", problem: "" } as const;
      watch.apply({ timeMs: 2500, seq: 50 + version, version, body });
    }
    expect(changesOf(watch).slice(2)).toMatchObject([
      { version: 1, to: "ok", cause: "silence" },
      { version: 1, to: "ok", cause: "silence" },
    ]);
  });
});

it("reports a version that has served nothing yet", () => {
  const watch = open();
  expect(watch.isDefined(1)).toBe(true);
  expect(watch.report(1)).toMatchObject({ baselineRows: 1000, open: undefined, closed: undefined });
  expect(watch.report(2)).toBeUndefined();
});

it("takes a baseline that appears later", () => {
  const watch = new ModelWatch(options);
  watch.apply(message({ timeMs: 1 }));
  expect(watch.report(1)?.baselineProblem).toBe("it has no baseline.json");
  watch.define(1, sampleDefinition());
  expect(watch.report(1)).toMatchObject({ baselineProblem: "", baselineRows: 1000 });
});

it("counts what the stream let go", () => {
  const watch = open();
  watch.apply(message({ timeMs: 1 }));
  watch.purge(7);
  expect(watch.report(1)?.counters.messagesPurged).toBe(7);
});

const request: fc.Arbitrary<SampleRequest> = fc.record({
  id: fc.nat(12),
  timeMs: fc.nat(6000),
  role: fc.constantFrom("primary", "primary", "hedge", "shadow"),
  status: fc.constantFrom(0, 0, 0, 14),
  x: fc.array(fc.double({ min: -2, max: 2 }), { maxLength: 4 }),
});
const step = fc.record({
  producer: fc.constantFrom("a", "b"),
  seq: fc.integer({ min: 1, max: 12 }),
  version: fc.constantFrom(1, 1, 2, 3),
  aheadMs: fc.nat(700),
  of: fc.array(request, { maxLength: 4 }),
  end: fc.boolean(),
});

it("gives equal numbers when it is killed at any message and goes on from its state", () => {
  void fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), fc.nat(25), (steps, cut) => {
      const messages = toMessages(steps);
      const whole = open();
      let parted = open();
      messages.forEach((each, index) => {
        if (index === cut) {
          const saved = structuredClone({ state: parted.state(), history: parted.history() });
          parted = new ModelWatch(options, definitions, saved);
        }
        expect(parted.apply(each)).toEqual(whole.apply(each));
      });
      expect(parted.state()).toEqual(whole.state());
      expect(parted.history()).toEqual(whole.history());
      for (const version of whole.versions()) {
        expect(parted.report(version)).toEqual(whole.report(version));
      }
    }),
  );
});

it("counts no row twice, and misses none but those that came too late", () => {
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const watch = open();
      for (const each of toMessages(steps)) watch.apply(each);
      watch.apply(message({ timeMs: 1e6, seq: 999 }));
      for (const version of watch.versions()) {
        const counters = watch.report(version)?.counters;
        if (counters === undefined) throw new Error("every version has a report");
        const windows = watch.windows(version).reduce((sum, { rows }) => sum + rows, 0);
        const open = watch.report(version)?.open?.rows ?? 0;
        const apart = counters.rowsShadow + counters.rowsFailed + counters.rowsDuplicate;
        expect(windows + open + apart).toBeLessThanOrEqual(counters.rowsIncluded);
        const lateMissed = counters.rowsIncluded - windows - open - apart;
        expect(lateMissed).toBeLessThanOrEqual(counters.rowsLate);
      }
    }),
  );
});

type Step = {
  readonly producer: string;
  readonly seq: number;
  readonly version: number;
  readonly aheadMs: number;
  readonly of: readonly SampleRequest[];
  readonly end: boolean;
};

function toMessages(steps: readonly Step[]): StreamMessage[] {
  let timeMs = 0;
  return steps.map(({ aheadMs, end, version, ...rest }, index) => {
    timeMs += aheadMs;
    if (end) {
      const body = { producer: rest.producer, answered: rest.seq * 3, gateway: "g" };
      return { timeMs, seq: index + 1, version, body: { kind: "producer-end", end: body } };
    }
    return { ...message({ timeMs, ...rest, version }), seq: index + 1 };
  });
}

function message(given: {
  readonly timeMs: number;
  readonly seq?: number;
  readonly producer?: string;
  readonly version?: number;
  readonly of?: readonly SampleRequest[];
}): StreamMessage {
  const { timeMs, seq = 1, version = 1, ...rest } = given;
  const event = makeEvent({ seq, version, ...rest });
  return { timeMs, seq, version, body: { kind: "event", event } };
}

function open(): ModelWatch {
  return new ModelWatch(options, definitions);
}

function restored(
  state: ModelState,
  of: ModelWatch,
  known: ReadonlyMap<number, Definition> = definitions,
): ModelWatch {
  return new ModelWatch(options, known, { state: structuredClone(state), history: of.history() });
}

/** Applies rows that are all at one end, half a second after their window began or as told. */
function drift(
  watch: ModelWatch,
  second: number,
  { timeMs = second * 1000 + 500, seq = second + 1, id = second } = {},
) {
  const x = Array.from({ length: 200 }, () => 0.9);
  return watch.apply(message({ timeMs, seq, of: [{ id, timeMs: second * 1000, x }] }));
}

function changesOf(watch: ModelWatch) {
  return watch.news.waiting.map((news) => (news.kind === "alert" ? news.change : news));
}
