import type { FeatureBaseline } from "../drift/baseline.ts";
import type { EventColumn } from "../prediction/event.ts";
import { toDoubles, toTexts } from "./live-values.ts";
import type { LiveColumn, LiveValues } from "./pane.ts";
import type { Reference } from "./reference.ts";

export type LiveColumns = {
  readonly columns: readonly LiveColumn[];
  /** The first column whose values are of another kind than the baseline's; empty when none is. */
  readonly problem: string;
};

/**
 * The columns of an event that its reference knows, as the histograms want them. Others are passed
 * over.
 */
export function liveColumns(columns: readonly EventColumn[], reference: Reference): LiveColumns {
  let problem = "";
  const live = columns.flatMap((column): LiveColumn[] => {
    const { kind, name, nulls } = column;
    const place = reference.placeOf(kind, name);
    const features = kind === "feature" ? reference.features : reference.outputs;
    const baseline = place === undefined ? undefined : features[place]?.baseline;
    if (place === undefined || baseline === undefined) return [];
    const values = liveValues(column, baseline);
    if (values.type === "error" && problem === "") problem = mismatch(column, baseline);
    return [{ kind, place, nulls, values }];
  });
  return { columns: live, problem };
}

function liveValues({ dtype, values }: EventColumn, baseline: FeatureBaseline): LiveValues {
  if (baseline.type === "category") {
    const texts = values.kind === "texts" ? values : toTexts(dtype, values.data);
    return { type: "category", texts };
  }
  // Rounded to another type, equal values would fall on the other side of an edge.
  if (values.kind === "texts" || dtype !== baseline.dtype) return { type: "error" };
  return { type: "number", doubles: toDoubles(dtype, values.data) };
}

function mismatch(column: EventColumn, baseline: FeatureBaseline): string {
  const got = column.values.kind === "texts" ? "texts" : column.dtype;
  const expected = `the baseline has ${baseline.dtype} numbers`;
  return `${column.kind} ${column.name}: ${expected}, the model ${got}`;
}
