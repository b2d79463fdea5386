import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";

/** A part of what `npm run bench:drift` simulates; the seed makes it always the same part. */
const options = {
  seed: 1,
  baselines: 12,
  baselineRows: 10_000,
  windowRows: [100, 200, 1000],
  shifts: [0, 0.5],
  runs: { still: 20, shifted: 4 },
};
const cells = simulateAll();

describe("with the defaults", () => {
  it("at most 0.5 % of windows without drift are in alarm, of any distribution", () => {
    const still = cells.filter(({ shift, rows }) => shift === 0 && rows !== 200);
    expect(still).toHaveLength(14);
    for (const { alarm, distribution, rows } of still) {
      expect(alarm.share, `${distribution} at ${rows} rows`).toBeLessThanOrEqual(0.005);
      expect(alarm.trials).toBe(720);
    }
  });

  it("at least 90 % of windows of 200 rows are that moved by 0.5 σ", () => {
    const moved = cells.filter(({ shift, rows }) => shift === 0.5 && rows === 200);
    expect(moved).toHaveLength(7);
    for (const { alarm, distribution } of moved) {
      expect(alarm.share, distribution).toBeGreaterThanOrEqual(0.9);
    }
  });

  it("20 categories have no verdict at 100 rows", () => {
    const few = cells.filter(
      ({ distribution, rows }) => distribution.startsWith("20") && rows < 200,
    );
    expect(few.map(({ insufficient }) => insufficient.share)).toEqual([1, 1]);
  });
});

function simulateAll() {
  const [last] = [...simulate(options)].slice(-1);
  return last?.() ?? [];
}
