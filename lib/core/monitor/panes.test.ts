import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Panes } from "./panes.ts";

const options = { windowMs: 100, graceMs: 50, revisableMax: 2, slotsMax: 32 };

it("opens the window that a time lies in", () => {
  const panes = new Panes(options, undefined);
  const { pane, isLate } = panes.place(199, 205);
  expect(pane?.startMs).toBe(100);
  expect(isLate).toBe(false);
  expect(panes.place(100, 205).pane).toBe(pane);
  expect(panes.latest).toBe(pane);
});

it("closes a window when its end and the grace have passed, oldest first", () => {
  const panes = new Panes(options, undefined);
  panes.place(110, 110);
  panes.place(90, 110);
  expect(panes.close(149)).toEqual([]);
  expect(panes.close(250).map(({ startMs }) => startMs)).toEqual([0, 100]);
  expect(panes.latest).toBeUndefined();
});

it("finds the closed windows that late rows revise, until newer ones replace them", () => {
  const panes = new Panes(options, undefined);
  const first = panes.place(10, 10).pane;
  panes.close(150);
  expect(panes.place(20, 150)).toEqual({ pane: first, isLate: true });
  for (const start of [100, 200]) {
    panes.place(start, start);
    panes.close(start + 150);
  }
  expect(panes.place(20, 350)).toEqual({ pane: undefined, isLate: true });
});

it("opens no window for late rows that had none", () => {
  const panes = new Panes(options, undefined);
  expect(panes.place(10, 1000)).toEqual({ pane: undefined, isLate: true });
  expect(panes.state()).toEqual({ open: [], closed: [] });
});

it("never has more windows open than fit between the grace and now", () => {
  const steps = fc.array(fc.tuple(fc.nat(80), fc.nat(400)), { maxLength: 50 });
  void fc.assert(
    fc.property(steps, (list) => {
      const panes = new Panes(options, undefined);
      let nowMs = 0;
      for (const [step, age] of list) {
        nowMs += step;
        panes.close(nowMs);
        panes.place(Math.max(0, nowMs - age), nowMs);
        expect(panes.state().open.length).toBeLessThanOrEqual(3);
        expect(panes.state().closed.length).toBeLessThanOrEqual(2);
      }
    }),
  );
});

it("remembers rows in open and closed windows, and through its state", () => {
  const panes = new Panes(options, undefined);
  panes.place(10, 10).pane?.remembered.add(1, 2);
  panes.place(110, 110).pane?.remembered.add(3, 4);
  panes.close(150);
  const next = new Panes(options, undefined, panes.state());
  const { pane } = next.place(210, 210);
  if (pane === undefined) throw new Error("a window was opened");
  expect(next.isCountedElsewhere(pane, 1, 2)).toBe(true);
  expect(next.isCountedElsewhere(pane, 3, 4)).toBe(true);
  expect(next.isCountedElsewhere(pane, 5, 6)).toBe(false);
});
