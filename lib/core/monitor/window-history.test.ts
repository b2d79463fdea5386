import { describe, expect, it } from "vitest";
import { WindowHistory } from "./window-history.ts";
import type { WindowReport } from "./window-report.ts";

describe("add", () => {
  it("keeps the newest windows", () => {
    const history = new WindowHistory();
    history.add([windowAt(0, 10), windowAt(1, 11)], 2);
    history.add([windowAt(2, 12)], 2);
    expect(history.newestFirst.map(({ startMs }) => startMs)).toEqual([2, 1]);
  });

  it("sets the rows of each against those before it", () => {
    const windows = [100, 100, 100, 100, 100, 10].map((rows, place) => windowAt(place, rows));
    const added = new WindowHistory().add(windows, 10);
    expect(added[4]?.volume).toBeUndefined();
    expect(added[5]?.volume).toEqual({ usual: 100, isUnusual: true });
  });
});

describe("revise", () => {
  it("replaces a window and leaves the others", () => {
    const history = new WindowHistory([windowAt(0, 1), windowAt(1, 2)]);
    history.revise(windowAt(0, 5));
    expect(history.newestFirst).toMatchObject([
      { startMs: 1, rows: 2 },
      { startMs: 0, rows: 5 },
    ]);
  });

  it("does not bring back one that is forgotten", () => {
    const history = new WindowHistory([windowAt(1, 2)]);
    expect(history.revise(windowAt(0, 5))).toMatchObject({ rows: 5 });
    expect(history.newestFirst).toHaveLength(1);
  });
});

function windowAt(startMs: number, rows: number): WindowReport {
  return {
    ...{ startMs, endMs: startMs + 1, rows, verdict: "ok" },
    ...{ provisional: false, revised: false, features: [], outputs: [] },
  };
}
