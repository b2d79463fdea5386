import { expect, it } from "vitest";
import { sampleDefinition } from "../../../test/support/prediction-events.ts";
import { type LiveColumn, Pane } from "./pane.ts";

const definition = sampleDefinition();
const reference = definition.kind === "reference" ? definition.reference : undefined;
const none = new Uint8Array(0);
const x: LiveColumn = {
  kind: "feature",
  place: 0,
  nulls: none,
  values: { type: "number", doubles: Float64Array.of(0.5, -0.5, 2) },
};
const label: LiveColumn = {
  kind: "output",
  place: 0,
  nulls: none,
  values: { type: "category", texts: { dictionary: ["negative"], codes: [0, 0, 0] } },
};

it("counts columns in the histograms of their features", () => {
  const pane = new Pane({ startMs: 0, reference, slotsMax: 32 });
  pane.add(x, Uint32Array.of(0, 2));
  pane.add(label, Uint32Array.of(1));
  pane.add({ ...x, values: { type: "error", problem: "odd" } }, Uint32Array.of(0, 1));
  expect(pane.histogram("feature", 0)?.binned).toBe(2);
  expect(pane.histogram("feature", 0)?.quality.typeErrors).toBe(2);
  expect(pane.histogram("output", 0)?.binned).toBe(1);
});

it("passes over a column it has no feature for", () => {
  const pane = new Pane({ startMs: 0, reference, slotsMax: 32 });
  pane.add({ ...x, place: 9 }, Uint32Array.of(0));
  expect(pane.histogram("feature", 9)).toBeUndefined();
});

it("goes on from its state", () => {
  const pane = new Pane({ startMs: 60, reference, slotsMax: 32 });
  pane.add(x, Uint32Array.of(0, 1));
  pane.add(label, Uint32Array.of(0));
  pane.rows = 2;
  pane.isRevised = true;
  pane.remembered.add(1, 2);
  const next = new Pane({ startMs: 60, reference, slotsMax: 32 }, pane.state());
  expect(next.state()).toEqual(pane.state());
  expect(next.remembered.has(1, 2)).toBe(true);
});
