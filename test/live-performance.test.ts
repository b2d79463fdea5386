import { expect, it } from "vitest";
import { Adwin } from "#core/detect/adwin.ts";
import { PageHinkley } from "#core/detect/page-hinkley.ts";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import { type Definition, prepareReference } from "#core/monitor/reference.ts";
import type { Calibration } from "#core/performance/calibration.ts";
import { chooseCalibrator } from "#core/performance/choose-calibrator.ts";
import { ClassCodes } from "#core/performance/class-codes.ts";
import { ClassificationTally } from "#core/performance/classification-tally.ts";
import { Estimate } from "#core/performance/estimate.ts";
import { performanceDefaults } from "#core/performance/performance-settings.ts";
import { RegressionTally } from "#core/performance/regression-tally.ts";
import type { EventColumn } from "#core/prediction/event.ts";
import { seededDraw } from "#core/random.ts";
import { makeEvent, sampleBaseline } from "./support/prediction-events.ts";

it("sees a classifier go wrong, in its numbers and in the stream of its errors", () => {
  const draw = seededDraw(7);
  const codes = new ClassCodes(["no", "yes"]);
  const halves = [new ClassificationTally(2), new ClassificationTally(2)];
  const adwin = new Adwin();
  const found: number[] = [];
  for (let row = 0; row < 4_000; row += 1) {
    const isWrong = row >= 2_000;
    const score = draw();
    const label = codes.codeOf(draw() < score !== isWrong ? "yes" : "no");
    const predicted = score >= 0.5 ? 1 : 0;
    halves[isWrong ? 1 : 0]?.count({ predicted, scores: [score] }, label);
    if (adwin.update(predicted === label ? 0 : 1)) found.push(row);
  }
  const [before, after] = halves.map((tally) => tally.metrics());
  expect(before?.auc).toBeGreaterThan(0.8);
  expect(after?.auc).toBeLessThan(0.2);
  expect(after?.ece).toBeGreaterThan(before?.ece ?? 1);
  expect(found).toHaveLength(1);
  expect(found[0]).toBeGreaterThanOrEqual(2_000);
  expect(found[0]).toBeLessThan(2_100);
});

it("sees a regression go wrong, in its numbers and in the stream of its errors", () => {
  const draw = seededDraw(8);
  const halves = [new RegressionTally(), new RegressionTally()];
  const test = new PageHinkley();
  const found: number[] = [];
  for (let row = 0; row < 2_000; row += 1) {
    const label = 10 * draw();
    const predicted = label + draw() - 0.5 + (row >= 1_000 ? 3 : 0);
    halves[row >= 1_000 ? 1 : 0]?.count(predicted, label);
    if (test.update(Math.abs(predicted - label))) found.push(row);
  }
  const [before, after] = halves.map((tally) => tally.metrics());
  expect(before?.r2).toBeGreaterThan(0.98);
  expect(after?.meanError).toBeCloseTo(3, 1);
  expect(found).toHaveLength(1);
  expect(found[0]).toBeGreaterThanOrEqual(1_000);
});

it("estimates the accuracy of an overconfident model before labels come", () => {
  const draw = seededDraw(9);
  const drawRow = () => {
    const score = draw();
    return { score, label: draw() < score ** 3 ? 1 : 0 };
  };
  const known = Array.from({ length: 3_000 }, drawRow);
  const rows = {
    scores: Float64Array.from(known, ({ score }) => score),
    labels: Uint8Array.from(known, ({ label }) => label),
  };
  const calibrator = chooseCalibrator(rows, seededDraw(1));
  const [tally, estimate, naive] = [
    new ClassificationTally(2),
    new Estimate({ classes: 2, calibrator }),
    new Estimate({ classes: 2, calibrator: undefined }),
  ];
  for (let row = 0; row < 5_000; row += 1) {
    const { score, label } = drawRow();
    const predicted = score >= 0.5 ? 1 : 0;
    tally.count({ predicted, scores: [score] }, label);
    estimate.count(score, predicted === 1);
    naive.count(score, predicted === 1);
  }
  const { accuracy = 0 } = tally.metrics();
  expect(calibrator).toBeDefined();
  expect(estimate.metrics().accuracy?.value).toBeCloseTo(accuracy, 1);
  expect(naive.metrics().accuracy?.low).toBeGreaterThan(accuracy);
});

it("estimates what a monitored version does by the calibration in its baseline", () => {
  const defined = (fingerprint: string, calibration?: Calibration): Definition => {
    const reference = prepareReference({ ...sampleBaseline(), calibration }, fingerprint);
    return { kind: "reference", reference };
  };
  const calibrator = { scores: Float64Array.of(0.5), values: Float64Array.of(0.25) };
  const calibrated = defined("one", { classes: 2, rows: 9, calibrator });
  const performance = { settings: performanceDefaults, declared: [] };
  const options = { model: "wine", windowMs: 1000, graceMs: 500, thresholds: {}, performance };
  const watch = new ModelWatch(options, new Map([[1, calibrated]]));
  const precision = () => {
    const { total } = watch.report(1)?.performance ?? {};
    return total?.estimate?.precision?.value;
  };
  const say = (seq: number) => {
    const { columns, ...rest } = makeEvent({ seq, of: [{ id: seq, x: [1, -1] }] });
    const scores = ["negative", "positive"].map(
      (name): EventColumn => ({
        ...{ name: `p.${name}`, kind: "output", dtype: "FP64", nulls: new Uint8Array(0) },
        values: { kind: "numbers", data: Float64Array.of(0.5, 0.5) },
      }),
    );
    const event = { ...rest, columns: [...columns, ...scores] };
    watch.apply({ seq, timeMs: 0, version: 1, body: { kind: "event", event } });
  };
  say(1);
  expect(precision()).toBe(0.25);
  watch.define(1, defined("two"));
  expect(precision()).toBeUndefined();
  say(2);
  expect(precision()).toBe(0.5);
});
