import { expect, it } from "vitest";
import { evenly, sampleDefinition } from "../../../test/support/prediction-events.ts";
import { Pane } from "./pane.ts";
import { reportWindow } from "./window-report.ts";

const definition = sampleDefinition();
const reference = definition.kind === "reference" ? definition.reference : undefined;
const options = { windowMs: 100, thresholds: {}, provisional: true };

it("judges every feature and output of the pane and takes the worst", () => {
  const pane = new Pane({ startMs: 200, reference, slotsMax: 32 });
  const doubles = Float64Array.from(evenly(400), (x) => x + 1);
  const nulls = new Uint8Array(0);
  const rows = Uint32Array.from(doubles.keys());
  pane.add({ kind: "feature", place: 0, nulls, values: { type: "number", doubles } }, rows);
  pane.rows = 400;
  const report = reportWindow(pane, reference, options);
  expect(report).toMatchObject({
    startMs: 200,
    endMs: 300,
    rows: 400,
    verdict: "alarm",
    provisional: true,
    revised: false,
  });
  expect(report.features).toMatchObject([{ name: "x", verdict: "alarm", rowsCurrent: 400 }]);
  expect(report.outputs).toMatchObject([{ name: "label", verdict: "insufficient" }]);
});

it("adjusts p-values for all that was tested", () => {
  const pane = new Pane({ startMs: 0, reference, slotsMax: 32 });
  const doubles = Float64Array.from(evenly(400), (x) => x + 0.05);
  const rows = Uint32Array.from(doubles.keys());
  const nulls = new Uint8Array(0);
  pane.add({ kind: "feature", place: 0, nulls, values: { type: "number", doubles } }, rows);
  const texts = { dictionary: ["new"], codes: new Uint32Array(400) };
  pane.add({ kind: "output", place: 0, nulls, values: { type: "category", texts } }, rows);
  const { features, outputs } = reportWindow(pane, reference, options);
  const [x, label] = [features[0], outputs[0]];
  expect(label?.pAdjusted).toBeLessThan(0.001);
  // The larger of two stays as it is.
  expect(x?.pAdjusted).toBe(x?.pValue);
  expect(x?.pValue).toBeGreaterThan(label?.pValue ?? 1);
});

it("has rows and no verdict where there is nothing to compare with", () => {
  const pane = new Pane({ startMs: 0, reference: undefined, slotsMax: 32 });
  pane.rows = 7;
  expect(reportWindow(pane, undefined, options)).toMatchObject({
    rows: 7,
    verdict: "insufficient",
    features: [],
    outputs: [],
  });
});
