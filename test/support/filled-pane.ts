import type { Schema } from "#core/drift/constraints.ts";
import { Pane } from "#core/monitor/pane.ts";
import type { Reference } from "#core/monitor/reference.ts";
import { sampleDefinition } from "./prediction-events.ts";

const slotsMax = 32;

/** That of the sample model: a feature x and an output label. */
export function sampleReference(schema?: Schema): Reference {
  const definition = sampleDefinition("one", schema);
  if (definition.kind !== "reference") throw new Error("the sample has one");
  return definition.reference;
}

/** A window in which x had these values, and the label was positive as often. */
export function filledPane(of: {
  readonly startMs: number;
  readonly reference: Reference;
  readonly values: readonly number[];
}): Pane {
  const { startMs, reference, values } = of;
  const pane = new Pane({ startMs, reference, slotsMax });
  const doubles = Float64Array.from(values);
  const rows = Uint32Array.from(doubles.keys());
  const nulls = new Uint8Array(0);
  pane.add({ kind: "feature", place: 0, nulls, values: { type: "number", doubles } }, rows);
  const texts = { dictionary: ["positive"], codes: new Uint32Array(values.length) };
  pane.add({ kind: "output", place: 0, nulls, values: { type: "category", texts } }, rows);
  pane.rows = values.length;
  return pane;
}
