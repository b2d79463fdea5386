import { expect, it } from "vitest";
import { PerformanceWindows } from "./performance-windows.ts";

const options = { task: { kind: "regression" }, windowMs: 100, windowsMax: 3 } as const;

it("counts labels in the window of their row, however late, and takes back the replaced", () => {
  const windows = new PerformanceWindows(options);
  for (const timeMs of [10, 20, 110, 250]) windows.addRow(rowAt(timeMs, 5));
  windows.correct({ row: rowAt(10, 5), label: 4, replaced: undefined, lagMs: 999 });
  windows.correct({ row: rowAt(20, 5), label: 3, replaced: undefined, lagMs: 1e12 });
  windows.correct({ row: rowAt(10, 5), label: 5, replaced: 4, lagMs: 1e12 });
  const [first, second] = windows.reports();
  expect(first).toMatchObject({ startMs: 0, rows: 2, labelled: 2, coverage: 1 });
  expect(first?.lags).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(first?.metrics).toMatchObject({ rows: 2, mae: 1 });
  expect(second).toMatchObject({ startMs: 100, rows: 1, labelled: 0, coverage: 0 });
  expect(windows.total(0, 200)).toMatchObject({ startMs: undefined, rows: 3, coverage: 2 / 3 });
  const restored = new PerformanceWindows(options, structuredClone(windows.state()));
  expect(restored.reports()).toEqual(windows.reports());
});

it("drops the oldest window and what still comes for it", () => {
  const windows = new PerformanceWindows(options);
  for (const timeMs of [410, 110, 310, 210, 110]) windows.addRow(rowAt(timeMs, 5));
  windows.correct({ row: rowAt(110, 5), label: 4, replaced: undefined, lagMs: 1 });
  expect(windows.reports().map(({ startMs, rows }) => [startMs, rows])).toEqual([
    [200, 1],
    [300, 1],
    [400, 1],
  ]);
  expect(windows.reports(1)).toMatchObject([{ startMs: 400 }]);
  expect(windows.total(0, 1)).toMatchObject({ rows: 0, coverage: undefined });
});

it("tells classes, too", () => {
  const task = { kind: "classification", classes: 2 } as const;
  const windows = new PerformanceWindows({ ...options, task });
  const row = { ...rowAt(10, 1), scores: [0.75] };
  windows.addRow(row);
  windows.correct({ row, label: 1, replaced: undefined, lagMs: 1 });
  const restored = new PerformanceWindows({ ...options, task }, windows.state());
  expect(restored.total(0, 100).metrics).toMatchObject({ accuracy: 1, scored: 1, brier: 0.0625 });
  expect(restored.total(0, 100).estimate).toMatchObject({ rows: 1, accuracy: { value: 0.75 } });
});

it("estimates by the calibrator, and anew where it is another one", () => {
  const task = { kind: "classification", classes: 3 } as const;
  const halved = { scores: Float64Array.of(0, 1), values: Float64Array.of(0, 0.5) };
  const calibrated = { ...options, task, calibrator: halved };
  const windows = new PerformanceWindows(calibrated);
  const row = { ...rowAt(10, 2), scores: [0.25, 0, 0.75] };
  windows.addRow(row);
  const estimated = (made: PerformanceWindows) => made.total(0, 100).estimate?.accuracy?.value;
  expect(estimated(windows)).toBe(0.375);
  expect(estimated(new PerformanceWindows(calibrated, windows.state()))).toBe(0.375);
  expect(estimated(new PerformanceWindows({ ...options, task }, windows.state()))).toBeUndefined();
  windows.recalibrate({ ...halved });
  expect(estimated(windows)).toBe(0.375);
  windows.recalibrate(undefined);
  expect(estimated(windows)).toBeUndefined();
  windows.addRow(row);
  expect(estimated(windows)).toBe(0.75);
  expect(windows.total(0, 100).rows).toBe(2);
});

it("estimates nothing of rows without a score for each class", () => {
  const task = { kind: "classification", classes: 3 } as const;
  const windows = new PerformanceWindows({ ...options, task });
  for (const scores of [[], [0.5], [0.5, 0.5], [0, 0, 1.5], [0, 0, Number.NaN]]) {
    windows.addRow({ ...rowAt(10, 2), scores });
  }
  expect(windows.total(0, 100)).toMatchObject({ rows: 5, estimate: undefined });
});

function rowAt(timeMs: number, predicted: number) {
  return { storedMs: timeMs, timeMs, version: 1, predicted, scores: [] };
}
