import type { ModelRef } from "../model/name.ts";
import { formatRef } from "../model/name.ts";
import type { PredictionEvent } from "../prediction/event.ts";

/**
 * Why the accounts of an event cannot be true; undefined when they can. Its columns have been
 * checked.
 */
export function eventProblem(event: PredictionEvent, subject: ModelRef): string | undefined {
  const { producer, seq, rowsIncluded, rowsCovered, rowsTotal } = event;
  if (event.model !== subject.model || event.version !== subject.version) {
    return `it is of ${formatRef(event)} and came as ${formatRef(subject)}`;
  }
  if (producer === "") return "it names no producer";
  if (!Number.isSafeInteger(seq) || seq < 1) return `its sequence ${seq} is not counted from 1`;
  if (rowsIncluded > rowsCovered || rowsCovered > rowsTotal || !Number.isSafeInteger(rowsTotal)) {
    return `it includes ${rowsIncluded} rows, covers ${rowsCovered} and totals ${rowsTotal}`;
  }
  return undefined;
}
