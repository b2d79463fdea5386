import { expect, it } from "vitest";
import { metricList } from "./metric-list.ts";
import { PerformanceWindows } from "./performance-windows.ts";

function metricsOf(classes: number | undefined, scores: number[]) {
  const task =
    classes === undefined
      ? ({ kind: "regression" } as const)
      : ({ kind: "classification", classes } as const);
  const windows = new PerformanceWindows({ task, windowMs: 100, windowsMax: 3 });
  const row = { storedMs: 1, timeMs: 1, version: 1, predicted: 1, scores };
  windows.addRow(row);
  windows.correct({ row, label: 1, replaced: undefined, lagMs: 1 });
  const metrics = metricList(windows.total(0, 100));
  return Object.fromEntries(
    metrics.map(({ id, value, estimate }) => [id, [value, estimate?.value]]),
  );
}

it("names what labels say of two classes, and what scores alone do", () => {
  expect(metricsOf(2, [0.75])).toEqual({
    accuracy: [1, 0.75],
    precision: [1, 0.75],
    recall: [1, 1],
    f1: [1, expect.closeTo(6 / 7)],
    auc: [undefined, 0.5],
    log_loss: [expect.closeTo(-Math.log(0.75)), undefined],
    brier: [0.0625, undefined],
    ece: [0.25, undefined],
  });
});

it("takes the mean over more classes, of which nothing is estimated", () => {
  expect(metricsOf(3, [])).toMatchObject({ accuracy: [1, undefined], f1: [1, undefined] });
});

it("names what labels say of numbers", () => {
  expect(metricsOf(undefined, [])).toEqual({
    mae: [0, undefined],
    rmse: [0, undefined],
    r2: [undefined, undefined],
    mean_error: [0, undefined],
  });
});
