import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filledPane, sampleReference } from "../../../test/support/filled-pane.ts";
import { evenly, makeEvent, sampleDefinition } from "../../../test/support/prediction-events.ts";
import { SlidingWindow } from "./sliding-window.ts";
import { VersionWatch } from "./version-watch.ts";
import { reportWindow } from "./window-report.ts";

const windowMs = 1000;
const windows = 4;
const sliding = { windows, alerts: false };
const options = { windowMs, graceMs: 500, thresholds: {}, sliding };
const definition = sampleDefinition();
const reference = sampleReference();

describe("a sliding window", () => {
  it("has a verdict where single windows have too few rows for one", () => {
    const watch = open();
    for (let second = 0; second < 6; second += 1) say(watch, second, evenly(60));
    watch.close(1e5);
    expect(watch.history.map(({ verdict }) => verdict)).toEqual(Array(6).fill("insufficient"));
    expect(watch.sliding?.report).toMatchObject({
      ...{ windows, problem: "" },
      window: { startMs: 2000, endMs: 6000, rows: 240, verdict: "ok", provisional: false },
    });
  });

  it("forgets what is older, also where nothing came in between", () => {
    const watch = open();
    say(watch, 0, evenly(60));
    say(watch, 1, evenly(60));
    watch.close(3000);
    say(watch, 5, evenly(20));
    watch.close(10_000);
    expect(watch.sliding?.report.window).toMatchObject({ startMs: 2000, rows: 20 });
    say(watch, 30, evenly(10));
    watch.close(100_000);
    expect(watch.sliding?.report.window).toMatchObject({ startMs: 27_000, rows: 10 });
  });

  it("knows how many different values its windows have together", () => {
    const of = { windows, alerts: false, windowMs, thresholds: {}, cells: "" };
    const made = new SlidingWindow(of, reference);
    const named = (startMs: number, dictionary: readonly string[]) => {
      const pane = filledPane({ startMs, reference, values: [0.5] });
      const texts = { dictionary, codes: Uint32Array.from(dictionary.keys()) };
      const nulls = new Uint8Array(0);
      const values = { type: "category", texts } as const;
      pane.add({ kind: "output", place: 0, nulls, values }, texts.codes);
      return pane;
    };
    made.add(named(0, ["new a", "new b"]));
    const restored = new SlidingWindow(of, reference, structuredClone(made.state()));
    const closed = [named(1000, ["new b", "new c"])];
    restored.span({ endMs: 2000, closed, past: undefined });
    expect(restored.report.window?.outputs[0]?.distinct).toBe(4);
    expect(restored.report.window?.outputs[0]?.unseenValues).toEqual([
      { value: "new b", rows: 2 },
      { value: "new a", rows: 1 },
      { value: "new c", rows: 1 },
    ]);
  });

  it("begins anew with another baseline", () => {
    const watch = open();
    say(watch, 0, evenly(60));
    watch.close(3000);
    watch.redefine(sampleDefinition("two"));
    expect(watch.sliding?.report).toMatchObject({ window: undefined });
  });

  it("is refused where it would take too much memory", () => {
    const features = Array.from({ length: 5000 }, () => reference.features).flat();
    const wide = { ...reference, features };
    const of = { windows: 60, alerts: false, windowMs, thresholds: {}, cells: "" };
    const made = new SlidingWindow(of, wide);
    made.add(filledPane({ startMs: 0, reference: wide, values: [] }));
    expect(made.report.problem).toMatch(/60 windows would take \d+ MiB, limit 128/);
    expect(made.state().windows).toEqual([]);
  });

  it("raises alerts at every third of its length, with what it spans", () => {
    const watch = open({ ...options, sliding: { windows: 6, alerts: true } });
    const x = Array.from({ length: 40 }, () => 0.9);
    const states = Array.from({ length: 14 }, (_, second) => {
      say(watch, second, x);
      watch.close((second + 1) * windowMs + 500);
      return watch.alerts.find(({ feature }) => feature === "x")?.state.kind;
    });
    const [none, pending, firing] = [undefined, "pending", "firing"];
    // At the first window, then every two: of one and of three there are 40 and 120 rows.
    expect(states.slice(0, 8)).toEqual([
      ...[none, none, pending, pending, firing, firing, firing, firing],
    ]);
    const [alert] = watch.alerts;
    expect(alert?.evidence).toMatchObject({
      ...{ startMs: 7000, endMs: 13_000, rows: 240 },
      messages: { firstSeq: 8, lastSeq: 13 },
    });
  });

  it.each([0, 1, 2, 3])("raises alerts where rows come every fourth window, from %i on", (from) => {
    const watch = open({ ...options, sliding: { windows: 12, alerts: true } });
    const x = Array.from({ length: 40 }, () => 0.9);
    for (let second = from; second < 60; second += 4) {
      say(watch, second, x);
      watch.close((second + 1) * windowMs + 500);
    }
    expect(watch.alerts.map(({ state }) => state.kind)).toContain("firing");
  });
});

it("says what one window of the whole span would, with late rows and restarts", () => {
  const value = fc.double({ min: -2, max: 2, noNaN: true });
  const step = fc.record({
    aheadMs: fc.constantFrom(0, 300, 1000, 1000, 2500),
    lateMs: fc.constantFrom(0, 0, 0, 1500),
    x: fc.array(value, { maxLength: 40 }),
    restart: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let watch = open();
      let nowMs = 10_000;
      const counted: { readonly timeMs: number; readonly x: readonly number[] }[] = [];
      for (const [index, { aheadMs, lateMs, x, restart }] of steps.entries()) {
        nowMs += aheadMs;
        const timeMs = nowMs - lateMs;
        watch.close(nowMs);
        const before = watch.counters(0).rowsLate;
        const of = [{ id: index, timeMs, x }];
        const made = makeEvent({ seq: index + 1, of });
        const revised = watch.apply(made, { nowMs, seq: index + 1 });
        const isLost = watch.counters(0).rowsLate > before && revised?.length === 0;
        if (!isLost) counted.push({ timeMs, x });
        if (restart) watch = restarted(watch);
      }
      watch.close(nowMs + 20_000);
      const found = restarted(watch).sliding?.report.window;
      expect(found).toEqual(watch.sliding?.report.window);
      if (found === undefined) return;
      const values = counted
        .filter(({ timeMs }) => timeMs >= found.startMs && timeMs < found.endMs)
        .flatMap(({ x }) => x);
      const pane = filledPane({ startMs: found.startMs, reference, values });
      const whole = reportWindow(pane, reference, {
        ...{ windowMs: windows * windowMs, thresholds: {}, provisional: false },
      });
      expect(found.rows).toBe(values.length);
      expect(found.verdict).toBe(whole.verdict);
      for (const [place, report] of found.features.entries()) {
        const { quality, findings, pValue, rowsCurrent } = whole.features[place] ?? {};
        expect(report).toMatchObject({ quality, findings, pValue, rowsCurrent });
      }
      const [one, other] = [found.features[0]?.statistics, whole.features[0]?.statistics];
      expect(one?.map(({ id }) => id)).toEqual(other?.map(({ id }) => id));
      for (const [place, { value: expected }] of other?.entries() ?? []) {
        expect(one?.[place]?.value).toBeCloseTo(expected, 12);
      }
    }),
    { numRuns: 60 },
  );
});

function open(of: typeof options = options): VersionWatch {
  return new VersionWatch(1, definition, of);
}

function say(watch: VersionWatch, second: number, x: readonly number[]): void {
  const timeMs = second * windowMs + 100;
  watch.apply(makeEvent({ seq: second + 1, of: [{ id: second, timeMs, x }] }), {
    ...{ nowMs: timeMs, seq: second + 1 },
  });
}

function restarted(watch: VersionWatch): VersionWatch {
  const [state, slid] = [watch.state(), watch.sliding?.state()];
  const saved = { state, sliding: slid, history: watch.history.toReversed() };
  return new VersionWatch(1, definition, options, structuredClone(saved));
}
