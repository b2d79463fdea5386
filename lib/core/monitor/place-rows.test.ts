import * as fc from "fast-check";
import { expect, it } from "vitest";
import { makeEvent } from "../../../test/support/prediction-events.ts";
import { noCounts } from "./counters.ts";
import { Panes } from "./panes.ts";
import { placeRows } from "./place-rows.ts";

const options = { windowMs: 100, graceMs: 50, revisableMax: 2, slotsMax: 32 };

it("places each row in the window of its request", () => {
  const event = makeEvent({
    of: [
      { id: 1, timeMs: 10, x: [1, 2] },
      { id: 2, timeMs: 110 },
      { id: 3, timeMs: 20 },
    ],
  });
  const { placed } = place(event, 120);
  expect(placed).toEqual([
    { startMs: 0, isLate: false, rows: [0, 1, 3] },
    { startMs: 100, isLate: false, rows: [2] },
  ]);
});

it("takes a clock that runs ahead for now", () => {
  const { placed } = place(makeEvent({ of: [{ id: 1, timeMs: 9999 }] }), 120);
  expect(placed).toEqual([{ startMs: 100, isLate: false, rows: [0] }]);
});

it("counts a row once, whichever of its executions comes first", () => {
  const event = makeEvent({
    of: [
      { id: 1, timeMs: 99, role: "hedge" },
      { id: 1, timeMs: 101 },
      { id: 1, timeMs: 101, x: [5, 6] },
    ],
  });
  const { placed, counts } = place(event, 120);
  expect(placed).toEqual([
    { startMs: 0, isLate: false, rows: [0] },
    { startMs: 100, isLate: false, rows: [3] },
  ]);
  expect(counts.rowsDuplicate).toBe(2);
});

it("counts apart shadows and failed requests", () => {
  const event = makeEvent({
    of: [
      { id: 1, role: "shadow", x: [1, 2] },
      { id: 2, status: 14 },
      { id: 3, timeMs: 100 },
    ],
  });
  const { placed, counts } = place(event, 120);
  expect(placed).toEqual([{ startMs: 100, isLate: false, rows: [3] }]);
  expect(counts).toMatchObject({ rowsShadow: 2, rowsFailed: 1 });
});

it("keeps the trace ids of the first sampled requests that count", () => {
  const panes = new Panes(options, undefined);
  const trace = (byte: number) => ({
    traceId: new Uint8Array(16).fill(byte),
    spanId: new Uint8Array(8).fill(1),
  });
  const event = makeEvent({
    of: [
      { id: 1, role: "shadow", trace: trace(1) },
      { id: 2, status: 14, trace: trace(2) },
      { id: 3 },
      { id: 4, trace: trace(4) },
      { id: 4, trace: trace(5) },
      { id: 6, trace: trace(4) },
      ...[7, 8, 9].map((id) => ({ id, trace: trace(id) })),
    ],
  });
  placeRows(event, { panes, counts: { ...noCounts }, nowMs: 10 });
  const expected = ["04", "07", "08"].map((byte) => byte.repeat(16));
  expect(panes.latest?.traceIds).toEqual(expected);
  expect(new Panes(options, undefined, panes.state()).latest?.traceIds).toEqual(expected);
});

it("counts late rows whether their window can be revised or not", () => {
  const panes = new Panes(options, undefined);
  panes.place(110, 110);
  panes.close(260);
  const event = makeEvent({
    of: [
      { id: 1, timeMs: 10 },
      { id: 2, timeMs: 120 },
    ],
  });
  const { placed, counts } = place(event, 260, panes);
  expect(placed).toEqual([{ startMs: 100, isLate: true, rows: [1] }]);
  expect(counts.rowsLate).toBe(2);
});

it("counts rows it could not remember", () => {
  const x = Array.from({ length: 20 }, () => 0);
  const { placed, counts } = place(makeEvent({ of: [{ id: 1, x }] }), 0);
  expect(placed[0]?.rows).toHaveLength(20);
  expect(counts.rowsUnremembered).toBe(4);
});

it("places as one that asks for the window of every row and keeps all rows it saw", () => {
  // No more rows than a pane remembers.
  const request = fc.record({
    ...{ id: fc.nat(4), timeMs: fc.nat(420), x: fc.array(fc.constant(0), { maxLength: 3 }) },
  });
  void fc.assert(
    fc.property(fc.array(request, { maxLength: 12 }), (of) => {
      const seen = new Set<string>();
      const rowsOf = new Map<number, number[]>();
      let row = 0;
      for (const { id, timeMs, x } of of) {
        for (const index of x.keys()) {
          const startMs = Math.floor(Math.min(timeMs, 400) / 100) * 100;
          // Of the windows that are over, none is kept.
          const isKept = startMs + 150 > 400;
          if (isKept && !seen.has(`${id} ${index}`)) {
            seen.add(`${id} ${index}`);
            rowsOf.set(startMs, [...(rowsOf.get(startMs) ?? []), row]);
          }
          row += 1;
        }
      }
      const { placed } = place(makeEvent({ of }), 400);
      const expected = [...rowsOf].map(([startMs, rows]) => ({ startMs, isLate: false, rows }));
      expect(placed.sort(byStart)).toEqual(expected.sort(byStart));
    }),
  );
});

function byStart(one: { readonly startMs: number }, two: { readonly startMs: number }): number {
  return one.startMs - two.startMs;
}

function place(event: ReturnType<typeof makeEvent>, nowMs: number, panes?: Panes) {
  const counts = { ...noCounts };
  const placed = placeRows(event, { panes: panes ?? new Panes(options, undefined), counts, nowMs });
  const plain = placed.map(({ pane, isLate, rows }) => {
    expect(pane.rows).toBe(rows.length);
    return { startMs: pane.startMs, isLate, rows: [...rows] };
  });
  return { placed: plain, counts };
}
