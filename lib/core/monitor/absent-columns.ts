import type { PredictionEvent } from "../prediction/event.ts";
import type { PlacedRows } from "./place-rows.ts";
import type { Reference } from "./reference.ts";

/**
 * Counts as missing what an event has no column for, of the features that have to have values. Of
 * others nothing is known: a model may take fewer columns than were described.
 */
export function countAbsent(
  event: PredictionEvent,
  reference: Reference,
  placed: readonly PlacedRows[],
): void {
  const columns = event.columns.filter(({ kind }) => kind === "feature");
  const there = new Set(columns.map(({ name }) => name));
  for (const [place, { baseline, constraints }] of reference.features.entries()) {
    const { required, completeness } = constraints;
    if (required !== true && completeness === undefined) continue;
    if (there.has(baseline.name)) continue;
    for (const { pane, rows } of placed) pane.addAbsent(place, rows.length);
  }
}
