import { describe, expect, it } from "vitest";
import { calibrate } from "#core/performance/isotonic.ts";
import { performanceDefaults } from "#core/performance/performance-settings.ts";
import { seededDraw } from "#core/random.ts";
import { CalibrationRows } from "./calibration-rows.ts";
import type { FileColumn } from "./column.ts";

const performance = { settings: performanceDefaults, declared: [] };
const label: FileColumn = {
  ...{ name: "label", title: "v1.label", type: "category", dtype: "BYTES" },
};
const scored = (name: string): FileColumn => ({
  ...{ name: `p.${name}`, title: `v1.p.${name}`, type: "number", dtype: "FP32" },
});
const source = {
  performance,
  outputs: [label, scored("no"), scored("yes")],
  titles: ["split", "actual", "v1.label", "v1.p.no", "v1.p.yes"],
  actual: "actual",
};

describe("a calibration", () => {
  it("says how often a score comes true, of rows the model was not trained on", () => {
    const rows = open();
    const draw = seededDraw(3);
    for (let index = 0; index < 2_000; index += 1) {
      const score = draw();
      // True half as often as it says.
      rows.add(row(score, draw() < score / 2 ? "yes" : "no"));
      rows.add({ ...row(score, "yes"), split: "train" });
    }
    expect(rows.size).toBe(2_000);
    const { classes, calibrator } = rows.calibration() ?? { classes: 0, calibrator: undefined };
    expect(classes).toBe(2);
    for (const score of [0.2, 0.4, 0.6, 0.8]) {
      const value = calibrator && calibrate(calibrator, score);
      expect(Math.abs((value ?? 1) - score / 2), String(score)).toBeLessThan(0.15);
    }
  });

  it("is of the class that is predicted, where there are more than two", () => {
    const rows = open({ outputs: [label, scored("no"), scored("yes"), scored("maybe")] });
    for (let index = 0; index < 400; index += 1) {
      const actual = index % 2 === 0 ? "maybe" : "no";
      rows.add({ ...row(0.25, actual), "v1.p.maybe": "0.75", "v1.label": "maybe" });
    }
    expect(rows.calibration()).toEqual({
      ...{ classes: 3, rows: 400 },
      calibrator: { scores: Float64Array.of(0.75), values: Float64Array.of(0.5) },
    });
  });

  it("is not made of rows without a probability or a known outcome, nor of too few", () => {
    const rows = open();
    rows.add(row(1.5, "yes"));
    rows.add({ ...row(0.5, "yes"), "v1.p.yes": null });
    rows.add({ ...row(0.5, "yes"), actual: null });
    expect(rows.size).toBe(0);
    rows.add(row(0.5, "yes"));
    expect(rows.calibration()).toBeUndefined();
  });

  it("needs a column that says what came of rows, and classes", () => {
    expect(CalibrationRows.open({ ...source, titles: ["v1.label"] })).toBeUndefined();
    const number: FileColumn = { name: "y", title: "v1.y", type: "number", dtype: "FP32" };
    expect(CalibrationRows.open({ ...source, outputs: [number] })).toBeUndefined();
  });
});

function open(change: Partial<typeof source> = {}): CalibrationRows {
  const rows = CalibrationRows.open({ ...source, ...change });
  if (rows === undefined) throw new Error("not opened");
  return rows;
}

function row(score: number, actual: string) {
  const text = score >= 0.5 ? "yes" : "no";
  return {
    ...{ split: "test", actual, "v1.label": text },
    ...{ "v1.p.no": String(1 - score), "v1.p.yes": String(score) },
  };
}
