import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LabelJoin } from "./label-join.ts";
import { PerformanceWindows } from "./performance-windows.ts";
import { MemoryIndex } from "./prediction-index.ts";
import type { Label } from "./waiting-labels.ts";

const times = { horizonMs: 1_000, earlyMs: 200, slackMs: 300 };
const options = { ...times, waitingMax: 1_000 };
const memory = { rowsMax: 1_024, scores: 0 };
const windowed = { task: { kind: "regression" }, windowMs: 500, windowsMax: 1_000 } as const;
/** How long before it is stored a row is predicted. */
const early = 3;
const keyOf = (row: number) => ({ low: row, high: 1 });
const clientKeyOf = (row: number) => ({ low: row, high: 2 });

describe("a label", () => {
  it("counts once, and a later one in its place", () => {
    const join = joinOf();
    join.addRow(rowAt(100, 7), [keyOf(7), clientKeyOf(7)]);
    const first = join.addLabel(label({ seq: 1, atMs: 150, value: 5 }), undefined);
    expect(first).toMatchObject({ label: 5, replaced: undefined, lagMs: 50 });
    const again = label({ seq: 2, atMs: 160, value: 6, key: clientKeyOf(7) });
    expect(join.addLabel(again, undefined)).toMatchObject({ label: 6, replaced: 5, lagMs: 60 });
    expect(join.addLabel(again, undefined)).toBeUndefined();
    expect(join.counts).toMatchObject({ matched: 1, revised: 1, repeated: 1 });
  });

  it("waits for its row, by whichever key", () => {
    const join = joinOf();
    join.addLabel(label({ seq: 1, atMs: 50, value: 5, key: clientKeyOf(7) }), undefined);
    join.addLabel(label({ seq: 2, atMs: 60, value: 6 }), true);
    expect(join.counts.waiting).toBe(2);
    const corrections = join.addRow(rowAt(100, 7), [keyOf(7), clientKeyOf(7)]);
    expect(corrections).toMatchObject([
      { label: 5, replaced: undefined, lagMs: -50 },
      { label: 6, replaced: 5, lagMs: -40 },
    ]);
    expect(join.counts).toMatchObject({ matched: 1, revised: 1, waiting: 0 });
  });

  it("is unsampled, expired, unknown or too much, if it is not matched", () => {
    const join = new LabelJoin({ ...options, waitingMax: 1 }, new MemoryIndex(memory));
    join.addLabel(label({ seq: 1, atMs: 100 }), false);
    join.addLabel(label({ seq: 2, atMs: 2_000, predictedMs: 100 }), true);
    join.addLabel(label({ seq: 3, atMs: 2_000 }), true);
    join.addLabel(label({ seq: 4, atMs: 2_000 }), true);
    join.advance(2_501);
    expect(join.counts).toMatchObject({ unsampled: 1, expired: 1, unknown: 1, overflowed: 1 });
  });

  it("is matched when it is read late, if it was stored in time", () => {
    const join = joinOf();
    join.addRow(rowAt(100, 7), [keyOf(7)]);
    join.advance(1_390);
    expect(join.addLabel(label({ seq: 1, atMs: 1_050 }), undefined)).toBeDefined();
  });

  it("is expired after the horizon, though its row is still there", () => {
    const join = joinOf();
    join.addRow(rowAt(100, 7), [keyOf(7)]);
    expect(join.addLabel(label({ seq: 1, atMs: 1_101 }), undefined)).toBeUndefined();
    expect(join.addLabel(label({ seq: 2, atMs: 1_100 }), undefined)).toBeDefined();
    expect(join.counts).toMatchObject({ expired: 1, matched: 1 });
  });
});

it("tells of rows that go because the index is full", () => {
  const join = new LabelJoin(options, new MemoryIndex({ rowsMax: 16, scores: 0 }));
  for (let row = 0; row < 20; row += 1) join.addRow(rowAt(row, row), [keyOf(row)]);
  expect(join.counts.rowsDropped).toBe(4);
});

type Step =
  | { readonly kind: "row"; readonly atMs: number; readonly row: number }
  | { readonly kind: "label"; readonly atMs: number; readonly label: Label };

const world = fc
  .record({
    rows: fc.array(fc.nat(4_000), { minLength: 1, maxLength: 40 }),
    labels: fc.array(
      fc.record({
        row: fc.nat(45),
        lagMs: fc.integer({ min: -400, max: 1_600 }),
        isOwn: fc.boolean(),
      }),
      { maxLength: 60 },
    ),
    skews: fc.array(fc.integer({ min: -250, max: 250 }), { minLength: 1, maxLength: 10 }),
    restarts: fc.array(fc.nat(100), { maxLength: 4 }),
  })
  .map(({ rows, labels, ...rest }) => ({ ...streamsOf(rows, labels), ...rest }));

it("gives equal numbers however the streams are mixed and wherever it is restarted", () => {
  void fc.assert(
    fc.property(world, ({ rows, labels, skews, restarts }) => {
      const straight = run(mix(rows, labels, [0]), []);
      expect(run(mix(rows, labels, skews), restarts)).toEqual(straight);
      expect(straight.total).toMatchObject(expectedOf(rows, labels));
      const { waiting, rowsDropped, ...ends } = straight.counts;
      const counted = Object.values(ends).reduce((sum, count) => sum + count, waiting);
      expect(counted + rowsDropped).toBe(labels.length);
    }),
    { numRuns: 300 },
  );
});

function streamsOf(
  rowTimes: readonly number[],
  wanted: readonly { readonly row: number; readonly lagMs: number; readonly isOwn: boolean }[],
): { readonly rows: Step[]; readonly labels: Step[] } {
  const sorted = [...rowTimes].sort((one, two) => one - two).map((atMs) => atMs + 1_000);
  const rows = sorted.map((atMs, row): Step => ({ kind: "row", atMs, row }));
  const labels = wanted
    .map((one) => ({ ...one, predictedMs: (sorted[one.row] ?? 3_000) - early }))
    .map((one) => ({ ...one, atMs: one.predictedMs + one.lagMs }))
    .sort((one, two) => one.atMs - two.atMs)
    .map(({ row, atMs, isOwn, predictedMs }, place): Step => {
      const key = isOwn ? keyOf(row) : clientKeyOf(row);
      const value = (place * 7) % 11;
      return {
        kind: "label",
        atMs,
        label: { key, seq: place + 1, atMs, value, predictedMs },
      };
    });
  return { rows, labels };
}

/** The feedback stream is read behind or ahead of the other by a skew that changes. */
function mix(rows: readonly Step[], labels: readonly Step[], skews: readonly number[]): Step[] {
  let before = 0;
  const skewed = labels.map((step, place) => {
    before = Math.max(before, step.atMs + (skews[place % skews.length] ?? 0));
    return { step, atMs: before };
  });
  return [...rows.map((step) => ({ step, atMs: step.atMs })), ...skewed]
    .sort((one, two) => one.atMs - two.atMs)
    .map(({ step }) => step);
}

function run(steps: readonly Step[], restarts: readonly number[]) {
  let index = new MemoryIndex(memory);
  let join = new LabelJoin(options, index);
  let windows = new PerformanceWindows(windowed);
  for (const [place, step] of steps.entries()) {
    if (step.kind === "row") {
      join.advance(step.atMs);
      const row = { ...rowAt(step.atMs, step.row), timeMs: step.atMs - early };
      windows.addRow(row);
      const keys = [keyOf(step.row), clientKeyOf(step.row)];
      for (const correction of join.addRow(row, keys)) windows.correct(correction);
    } else {
      const correction = join.addLabel(step.label, undefined);
      if (correction !== undefined) windows.correct(correction);
    }
    if (restarts.includes(place)) {
      index = new MemoryIndex(memory, structuredClone(index.state()));
      join = new LabelJoin(options, index, structuredClone(join.state()));
      windows = new PerformanceWindows(windowed, structuredClone(windows.state()));
    }
  }
  join.advance(100_000);
  return { counts: join.counts, windows: windows.reports(), total: windows.total(0, 100_000) };
}

/** By the definition: of the labels of a row that are in time the last. */
function expectedOf(rows: readonly Step[], labels: readonly Step[]) {
  const errors = rows.flatMap((step) => {
    if (step.kind !== "row") return [];
    const last = labels.findLast(
      (other) =>
        other.kind === "label" &&
        other.label.key.low === step.row &&
        other.atMs - (step.atMs - early) <= times.horizonMs &&
        step.atMs - early - other.atMs <= times.earlyMs,
    );
    return last?.kind === "label" ? [step.row - last.label.value] : [];
  });
  const absolute = errors.reduce((sum, error) => sum + Math.abs(error), 0);
  return {
    rows: rows.length,
    labelled: errors.length,
    metrics: { mae: errors.length === 0 ? undefined : absolute / errors.length },
  };
}

function joinOf(): LabelJoin {
  return new LabelJoin(options, new MemoryIndex(memory));
}

function rowAt(storedMs: number, predicted: number) {
  return { storedMs, timeMs: storedMs, version: 1, predicted, scores: [] };
}

function label(parts: Partial<Label>): Label {
  return { key: keyOf(7), seq: 1, atMs: 0, value: 0, predictedMs: undefined, ...parts };
}
