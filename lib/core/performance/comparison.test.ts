import { expect, it } from "vitest";
import { makeEvent, sampleId } from "../../../test/support/prediction-events.ts";
import { Comparison } from "./comparison.ts";
import { performanceDefaults } from "./performance-settings.ts";
import { outputsOfEvent } from "./row-reader.ts";

const classes = ["positive", "negative"];
const task = { kind: "classification", target: "label", classes, scores: [] } as const;
const options = { task, settings: performanceDefaults };
const now = { nowMs: 2_000, wasSampled: () => false };

function addTo(comparison: Comparison, version: number, id: number): void {
  const event = makeEvent({ version, of: [{ id, x: [-1] }] });
  comparison.addRows(event, outputsOfEvent(event.columns), 1_000);
}

it("counts a label for the version that made the prediction", () => {
  const comparison = new Comparison(options);
  addTo(comparison, 1, 1);
  addTo(comparison, 2, 2);
  const target = { kind: "prediction", id: sampleId(2) } as const;
  const stored = { seq: 1, atMs: 2_000 };
  expect(comparison.addLabel({ target, row: 0, label: "negative" }, stored, now)).toBe(true);
  const restored = new Comparison(options, structuredClone(comparison.state()));
  for (const one of [comparison, restored]) {
    expect(one.windows(1)?.total(0, 1e9)).toMatchObject({ rows: 1, labelled: 0 });
    expect(one.windows(2)?.total(0, 1e9)).toMatchObject({ rows: 1, labelled: 1 });
    expect(one.windows(3)).toBeUndefined();
    expect(one.counts).toMatchObject({ matched: 1, rowsKnown: 2 });
  }
});

it("has no use for a token of other outputs, or of fewer rows", () => {
  const comparison = new Comparison(options);
  const told = { model: "wine", version: 1, predictionId: sampleId(1), timeUs: 0, rows: 1 };
  const add = (row: number, name: string) => {
    const content = { ...told, outputs: [{ name, values: ["negative"] }] };
    const target = { kind: "opened", content } as const;
    const stored = { seq: 1, atMs: 2_000 };
    return comparison.addLabel({ target, row, label: "negative" }, stored, now);
  };
  expect([add(0, "other"), add(1, "label"), add(0, "label")]).toEqual([false, false, true]);
});

it("forgets the version that came first where there are very many", () => {
  const comparison = new Comparison(options);
  for (let version = 1; version <= 33; version += 1) addTo(comparison, version, version);
  expect([1, 2, 33].map((version) => comparison.windows(version) === undefined)).toEqual([
    ...[true, false, false],
  ]);
});
