import fc from "fast-check";
import { expect, test } from "vitest";
import { bestWindow } from "./best-window.ts";
import { RunTimes } from "./run-times.ts";

/** Runs that take `fixed` and `perRow` milliseconds, measured often. */
function timesOf(fixed: number, perRow: number): RunTimes {
  const times = new RunTimes();
  for (let run = 0; run < 200; run += 1) {
    for (let rows = 1; rows <= 64; rows *= 2) times.add(rows, fixed + perRow * rows, 0);
  }
  return times;
}

const ones = (deadlines: readonly number[]) =>
  deadlines.map((deadlineMs) => ({ rows: 1, deadlineMs }));

test("passes over the most urgent where a large batch answers many more", () => {
  const candidates = ones([3, 3, ...new Array<number>(16).fill(40)]);
  const window = bestWindow(candidates, { rowsMax: 16, times: timesOf(2, 0.5), now: 0 });
  expect(window).toEqual({ from: 2, to: 18 });
});

test("runs a few in time where a large batch answers no more of them", () => {
  const candidates = ones([45, 45, 45, 45, ...new Array<number>(60).fill(500)]);
  const window = bestWindow(candidates, { rowsMax: 64, times: timesOf(1, 10), now: 0 });
  expect(window).toEqual({ from: 0, to: 4 });
});

test("takes no size that nobody can be in time in", () => {
  const candidates = ones(new Array<number>(64).fill(200));
  const window = bestWindow(candidates, { rowsMax: 64, times: timesOf(1, 10), now: 0 });
  expect(window).toEqual({ from: 0, to: 16 });
});

test("tries the one with the most time where nobody is likely to be in time", () => {
  const window = bestWindow(ones([5, 6]), { rowsMax: 64, times: timesOf(1, 10), now: 0 });
  expect(window).toEqual({ from: 1, to: 2 });
});

test("is a batch that fits and is in time, or one request", () => {
  const candidate = fc.record({ rows: fc.integer({ min: 0, max: 8 }), deadlineMs: fc.nat(300) });
  const times = timesOf(3, 4);
  fc.assert(
    fc.property(
      fc.array(candidate, { minLength: 1 }),
      fc.integer({ min: 8, max: 64 }),
      (all, rowsMax) => {
        const candidates = all.toSorted((one, other) => one.deadlineMs - other.deadlineMs);
        const { from, to } = bestWindow(candidates, { rowsMax, times, now: 0 });
        const members = candidates.slice(from, to);
        expect(members.length).toBeGreaterThan(0);
        if (members.length === 1) return;
        const rows = members.reduce((sum, each) => sum + each.rows, 0);
        expect(rows).toBeLessThanOrEqual(rowsMax);
        for (const { deadlineMs } of members) {
          expect(deadlineMs).toBeGreaterThanOrEqual(times.likelyMs(rows, 0) - 1e-9);
        }
      },
    ),
  );
});
