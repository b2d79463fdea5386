import type { PredictionEvent } from "../prediction/event.ts";
import type { Counts } from "./counters.ts";
import type { Pane } from "./pane.ts";
import type { Panes } from "./panes.ts";
import { hashRowInto } from "./row-hash.ts";

/** Rows of an event, by their places in its columns, that count in one pane. */
export type PlacedRows = {
  readonly pane: Pane;
  /** The pane had closed before. */
  readonly isLate: boolean;
  readonly rows: Uint32Array;
};

export type Placing = {
  readonly panes: Panes;
  /** Counted up for rows that do not count in a pane, or not for the first time. */
  readonly counts: Counts;
  readonly nowMs: number;
};

/**
 * Finds the pane of every row that counts, remembers the row there and counts it among the pane's
 * rows.
 */
export function placeRows(event: PredictionEvent, placing: Placing): PlacedRows[] {
  const { counts } = placing;
  const { requests } = event;
  const found = new Map<Pane, { isLate: boolean; rows: number[] }>();
  let from = 0;
  for (let index = 0; index < requests.count; index += 1) {
    const to = from + (requests.rows[index] as number);
    // Shadows answered nobody, and failed requests have no answer.
    if (requests.roles[index] === "shadow") counts.rowsShadow += to - from;
    else if (requests.statuses[index] !== 0) counts.rowsFailed += to - from;
    else placeRequest({ event, index, from, to }, placing, found);
    from = to;
  }
  return [...found]
    .filter(([, { rows }]) => rows.length > 0)
    .map(([pane, { isLate, rows }]) => {
      pane.rows += rows.length;
      return { pane, isLate, rows: Uint32Array.from(rows) };
    });
}

type Request = {
  readonly event: PredictionEvent;
  readonly index: number;
  /** Where its rows begin and end among those of the event. */
  readonly from: number;
  readonly to: number;
};

function placeRequest(
  { event, index, from, to }: Request,
  { panes, counts, nowMs }: Placing,
  found: Map<Pane, { isLate: boolean; rows: number[] }>,
): void {
  const { predictionIds, eventTimesUs } = event.requests;
  // A clock that runs ahead must not open windows that time has not reached.
  const timeMs = Math.min((eventTimesUs[index] as number) / 1000, nowMs);
  const { pane, isLate } = panes.place(timeMs, nowMs);
  if (isLate) counts.rowsLate += to - from;
  if (pane === undefined) return;
  const placed = found.get(pane) ?? { isLate, rows: [] };
  found.set(pane, placed);
  for (let place = from; place < to; place += 1) {
    hashRowInto(hash, { predictionIds, index }, event.rows[place] as number);
    const outcome = panes.isCountedElsewhere(pane, hash.low, hash.high)
      ? "known"
      : pane.remembered.add(hash.low, hash.high);
    if (outcome === "known") {
      counts.rowsDuplicate += 1;
      continue;
    }
    if (outcome === "full") counts.rowsUnremembered += 1;
    placed.rows.push(place);
  }
}

/** Filled for one row after the other, so that rows make no objects. */
const hash = { low: 0, high: 0 };
