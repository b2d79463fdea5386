import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextStep, type Pace } from "./pace.ts";

/** Plays a pace on a clock of its own; each request takes `busyMs` of it. */
function simulate(pace: Pace, busyMs = 0): { rows: number; requests: number; elapsedMs: number } {
  let [rowsSent, elapsedMs, requests, lastMs] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  for (;;) {
    const step = nextStep(pace, { rowsSent, elapsedMs, lastMs });
    if (step.kind === "end") return { rows: rowsSent, requests, elapsedMs };
    if (step.kind === "wait") elapsedMs += step.ms;
    else {
      lastMs = elapsedMs;
      rowsSent += step.rows;
      requests += 1;
      elapsedMs += busyMs;
    }
  }
}

describe("the pace of a run", () => {
  it("sends single rows on their time while they are few", () => {
    const run = simulate({ rowsPerSecond: 10, rowsTotal: 20 });
    expect(run).toEqual({ rows: 20, requests: 20, elapsedMs: 1900 });
  });

  it("sends rows together where they are many, at the same rate", () => {
    const run = simulate({ rowsPerSecond: 400, rowsTotal: 4000 });
    expect(run.rows).toBe(4000);
    expect(run.requests).toBeLessThan(210);
    expect(Math.abs(run.elapsedMs - 10_000)).toBeLessThan(100);
  });

  it("ends with rows unsent where the caller cannot keep up", () => {
    const run = simulate({ rowsPerSecond: 1000, rowsTotal: 5000 }, 1000);
    expect(run.rows).toBeLessThan(5000);
    expect(run.elapsedMs).toBeLessThan(9_000);
  });

  it("sends every row once at any rate", () => {
    const rates = fc.double({ min: 0.5, max: 5000, noNaN: true });
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 2000 }), (rowsPerSecond, rowsTotal) => {
        expect(simulate({ rowsPerSecond, rowsTotal }).rows).toBe(rowsTotal);
      }),
    );
  });
});
