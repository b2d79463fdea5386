import { toHex } from "../hex.ts";
import type { EventRequests, PredictionEvent } from "../prediction/event.ts";
import type { Counts } from "./counters.ts";
import type { Pane } from "./pane.ts";
import type { Panes } from "./panes.ts";
import { hashRowInto } from "./row-hash.ts";

const traceIdBytes = 16;
const sampledFlag = 1;

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

/** A pane that rows of the event count in, and those found so far. */
type Found = {
  readonly pane: Pane;
  readonly isLate: boolean;
  /** The first `count` of these. */
  readonly rows: Uint32Array;
  count: number;
};

/**
 * Finds the pane of every row that counts, remembers the row there and counts it among the pane's
 * rows.
 */
export function placeRows(event: PredictionEvent, placing: Placing): PlacedRows[] {
  const { counts } = placing;
  const { requests } = event;
  const found: Found[] = [];
  let from = 0;
  for (let index = 0; index < requests.count; index += 1) {
    const to = from + (requests.rows[index] as number);
    // Shadows answered nobody, and failed requests have no answer.
    if (requests.roles[index] === "shadow") counts.rowsShadow += to - from;
    else if (requests.statuses[index] !== 0) counts.rowsFailed += to - from;
    else placeRequest({ event, index, from, to }, placing, found);
    from = to;
  }
  return found
    .filter(({ count }) => count > 0)
    .map(({ pane, isLate, rows, count }) => {
      pane.rows += count;
      return { pane, isLate, rows: rows.subarray(0, count) };
    });
}

type Request = {
  readonly event: PredictionEvent;
  readonly index: number;
  /** Where its rows begin and end among those of the event. */
  readonly from: number;
  readonly to: number;
};

function placeRequest({ event, index, from, to }: Request, placing: Placing, all: Found[]): void {
  const { panes, counts, nowMs } = placing;
  const { predictionIds, eventTimesUs } = event.requests;
  // A clock that runs ahead must not open windows that time has not reached.
  const timeMs = Math.min((eventTimesUs[index] as number) / 1000, nowMs);
  const found = findPane(event, placing, timeMs, all);
  // Windows that are forgotten have all closed.
  if (found?.isLate !== false) counts.rowsLate += to - from;
  if (found === undefined) return;
  const { pane, rows } = found;
  const before = found.count;
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
    rows[found.count] = place;
    found.count += 1;
  }
  if (found.count > before && pane.wantsTraces) addTrace(pane, event.requests, index);
}

function addTrace(pane: Pane, { traceIds, traceFlags }: EventRequests, index: number): void {
  if (((traceFlags[index] ?? 0) & sampledFlag) === 0) return;
  const from = index * traceIdBytes;
  pane.addTrace(toHex(traceIds.subarray(from, from + traceIdBytes)));
}

/** Undefined where the window of that time is forgotten. Most rows go where the last one went. */
function findPane(
  event: PredictionEvent,
  { panes, nowMs }: Placing,
  timeMs: number,
  all: Found[],
): Found | undefined {
  for (let place = all.length - 1; place >= 0; place -= 1) {
    const known = all[place] as Found;
    if (panes.isWithin(known.pane, timeMs)) return known;
  }
  const { pane, isLate } = panes.place(timeMs, nowMs);
  if (pane === undefined) return undefined;
  const found = { pane, isLate, rows: new Uint32Array(event.rowsIncluded), count: 0 };
  all.push(found);
  return found;
}

/** Filled for one row after the other, so that rows make no objects. */
const hash = { low: 0, high: 0 };
