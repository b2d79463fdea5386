import * as fc from "fast-check";
import { expect, it } from "vitest";
import { dailyMessages, dailyValues } from "../../../test/support/daily-pattern.ts";
import { sampleBaseline } from "../../../test/support/prediction-events.ts";
import type { SavedModel } from "./model-state.ts";
import { ModelWatch } from "./model-watch.ts";
import { prepareReference } from "./reference.ts";
import type { StreamMessage } from "./stream-message.ts";
import type { WindowReport } from "./window-report.ts";

const hourMs = 3_600_000;
const perHour = 4;
const windowMs = hourMs / perHour;
const baseline = prepareReference(sampleBaseline(dailyValues(24_000)), "days");
const definitions = new Map([[1, { kind: "reference", reference: baseline } as const]]);
const day = { fromMs: 0, hours: 24, perHour, rows: 500 };

it("raises alarms against the training data all day, and none against the day before", () => {
  const [training, period] = [open(undefined), open(24)];
  for (const watch of [training, period]) {
    play(watch, [
      ...dailyMessages(day),
      ...dailyMessages({ ...day, fromMs: 24 * hourMs, seed: 3 }),
    ]);
  }
  const last = (watch: ModelWatch) => watch.windows(1).slice(0, 20 * perHour);
  expect(last(training).filter(isAlarm).length).toBeGreaterThan(15 * perHour);
  expect(last(training)[0]?.period).toBeUndefined();
  expect(last(period).filter(isAlarm)).toEqual([]);
  for (const window of last(period)) {
    expect(window.period).toEqual({
      startMs: Math.floor(window.startMs / hourMs) * hourMs - 24 * hourMs,
      endMs: Math.floor(window.startMs / hourMs) * hourMs - 23 * hourMs,
      ...{ rows: 500 * perHour, problem: "", isUsed: true },
    });
    expect(window.features).toMatchObject([{ rowsBaseline: 2000, isOfPeriod: true }]);
  }
});

it("raises alarms for a real shift against either", () => {
  const shifted = { ...day, fromMs: 24 * hourMs, hours: 12, shift: 0.5, seed: 4 };
  for (const hours of [undefined, 24]) {
    const watch = open(hours);
    play(watch, [...dailyMessages(day), ...dailyMessages(shifted)]);
    const windows = watch.windows(1).slice(0, 11 * perHour);
    expect(windows.filter(isAlarm).length).toBeGreaterThan(10 * perHour);
  }
});

it("compares with baseline.json while there is no such hour, or too little of it", () => {
  const watch = open(24);
  const rare = { ...day, rows: 10 };
  play(watch, [...dailyMessages(rare)]);
  const [first] = watch.windows(1).toReversed();
  expect(first?.period).toMatchObject({ startMs: -24 * hourMs, rows: 0, isUsed: false });
  play(watch, [...dailyMessages({ ...day, fromMs: 24 * hourMs })]);
  const [newest] = watch.windows(1);
  expect(newest?.period).toMatchObject({ rows: 40, isUsed: false });
  expect(newest?.features).toMatchObject([{ rowsBaseline: 24_000 }]);
});

it("drops the hours with the baseline they were counted by", () => {
  const watch = open(1);
  play(watch, [...dailyMessages({ ...day, hours: 5 })]);
  expect(watch.hours()).toMatchObject([{ version: 1, past: { hours: { length: 3 } } }]);
  const other = prepareReference(sampleBaseline(), "other");
  watch.define(1, { kind: "reference", reference: other });
  expect(watch.hours()).toEqual([]);
});

it("loads what monitors saved that kept no hours", () => {
  const watch = open(24);
  play(watch, [...dailyMessages({ ...day, hours: 5 })]);
  const { versions, ...state } = watch.state();
  const older = versions.map(({ hour: _, ...version }) => version);
  const saved = { state: { ...state, versions: older }, history: watch.history() };
  expect(open(24, structuredClone(saved)).hours()).toEqual([]);
});

const step = fc.record({
  minutes: fc.integer({ min: 1, max: 200 }),
  /** Of the rows, before the message; some come when their window has closed. */
  agoMinutes: fc.nat(40),
  rows: fc.constantFrom(1, 60, 150),
});

it("gives equal numbers when it is killed at any message and goes on from its state", () => {
  void fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 30 }), fc.nat(30), (steps, cut) => {
      const whole = open(1);
      let parted = open(1);
      for (const [index, message] of toMessages(steps).entries()) {
        if (index === cut) parted = open(1, structuredClone(savedOf(parted)));
        expect(parted.apply(message)).toEqual(whole.apply(message));
      }
      expect(savedOf(parted)).toEqual(savedOf(whole));
      expect(parted.report(1)).toEqual(whole.report(1));
    }),
    { numRuns: 40 },
  );
});

function toMessages(
  steps: readonly {
    readonly minutes: number;
    readonly agoMinutes: number;
    readonly rows: number;
  }[],
): StreamMessage[] {
  let timeMs = 0;
  return steps.flatMap(({ minutes, agoMinutes, rows }, index) => {
    timeMs += minutes * 60_000;
    const fromMs = Math.max(0, timeMs - agoMinutes * 60_000);
    const one = { fromMs, hours: 1 / perHour, perHour, rows, seed: index };
    return [...dailyMessages(one)].map((message) => ({ ...message, timeMs, seq: index + 1 }));
  });
}

function open(periodHours: number | undefined, saved?: SavedModel): ModelWatch {
  const options = { model: "wine", windowMs, graceMs: 60_000, thresholds: {}, periodHours };
  return new ModelWatch(options, definitions, saved);
}

function play(watch: ModelWatch, messages: readonly StreamMessage[]): void {
  for (const message of messages) watch.apply(message);
}

function savedOf(watch: ModelWatch): SavedModel {
  return { state: watch.state(), history: watch.history(), hours: watch.hours() };
}

function isAlarm({ features }: WindowReport): boolean {
  return features.some(({ verdict }) => verdict === "alarm");
}
