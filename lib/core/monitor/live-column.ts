import type { FeatureBaseline } from "../drift/baseline.ts";
import type { EventColumn } from "../prediction/event.ts";
import { toDoubles, toTexts } from "./live-values.ts";
import type { LiveColumn, LiveValues } from "./pane.ts";
import type { Reference } from "./reference.ts";

/**
 * A column of an event as the histogram of its feature wants it, until the next one is asked for.
 * Undefined where the reference does not know it.
 */
export function liveColumn(column: EventColumn, reference: Reference): LiveColumn | undefined {
  const { kind, name, nulls } = column;
  const place = reference.placeOf(kind, name);
  const features = kind === "feature" ? reference.features : reference.outputs;
  const baseline = place === undefined ? undefined : features[place]?.baseline;
  if (place === undefined || baseline === undefined) return undefined;
  return { kind, place, nulls, values: liveValues(column, baseline) };
}

function liveValues(column: EventColumn, baseline: FeatureBaseline): LiveValues {
  const { dtype, values } = column;
  if (baseline.type === "category") {
    const texts = values.kind === "texts" ? values : toTexts(dtype, values.data);
    return { type: "category", texts };
  }
  // Rounded to another type, equal values would fall on the other side of an edge.
  if (values.kind === "texts" || dtype !== baseline.dtype) {
    return { type: "error", problem: mismatch(column, baseline) };
  }
  return { type: "number", doubles: toDoubles(dtype, values.data) };
}

function mismatch(column: EventColumn, baseline: FeatureBaseline): string {
  const got = column.values.kind === "texts" ? "texts" : column.dtype;
  const expected = `the baseline has ${baseline.dtype} numbers`;
  return `${column.kind} ${column.name}: ${expected}, the model ${got}`;
}
