import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filledPane, sampleReference } from "../../../test/support/filled-pane.ts";
import { evenly } from "../../../test/support/prediction-events.ts";
import { HourArchive } from "./hour-archive.ts";
import type { Pane } from "./pane.ts";
import { hourMs } from "./span-counts.ts";

const reference = sampleReference();
const options = { hours: 24, cells: "one" };
const minuteMs = 60_000;

describe("before", () => {
  it("has what the windows of that hour counted, and no others", () => {
    const archive = new HourArchive(options, reference);
    archive.add(pane(0, evenly(100)));
    archive.add(pane(59 * minuteMs, evenly(50)));
    archive.add(pane(hourMs, evenly(70)));
    const past = archive.before(24 * hourMs + 5, []);
    expect(past).toMatchObject({ startMs: 0, endMs: hourMs, rows: 150, problem: "" });
    const [x] = past.features;
    expect(x?.counts.reduce((sum, count) => sum + count, 0)).toBe(150);
    expect(archive.before(25 * hourMs, []).rows).toBe(70);
    expect(archive.before(26 * hourMs, [])).toMatchObject({ rows: 0, features: [] });
  });

  it("counts windows that have closed and can still be revised, too", () => {
    const archive = new HourArchive({ ...options, hours: 1 }, reference);
    archive.add(pane(0, evenly(100)));
    const closed = [pane(minuteMs, evenly(30)), pane(hourMs, evenly(7))];
    expect(archive.before(hourMs, closed).rows).toBe(130);
    expect(new HourArchive(options, reference).before(24 * hourMs, closed).rows).toBe(30);
  });

  it("keeps as many hours as are needed, and a few that windows closing at once may need", () => {
    const archive = new HourArchive(options, reference);
    for (let hour = 0; hour < 100; hour += 1) archive.add(pane(hour * hourMs, evenly(10)));
    expect(archive.state().past?.hours).toHaveLength(26);
    expect(archive.before(98 * hourMs, []).rows).toBe(10);
  });

  it("says why it keeps none where they would take too much", () => {
    const [x] = reference.features;
    const wide = { ...reference, features: new Array(4096).fill(x) };
    const archive = new HourArchive({ ...options, hours: 744 }, wide);
    archive.add(pane(0, evenly(10)));
    expect(archive.before(744 * hourMs, [])).toMatchObject({
      ...{ rows: 0, features: [] },
      problem: expect.stringMatching(/^744 hours would take \d+ MiB, limit 64 MiB$/),
    });
  });
});

it("is the same whenever it was saved and read again", () => {
  void fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(40), fc.boolean()), { minLength: 1, maxLength: 30 }),
      (steps) => {
        const whole = new HourArchive({ ...options, hours: 3 }, reference);
        let broken = new HourArchive({ ...options, hours: 3 }, reference);
        let startMs = 0;
        for (const [gap, isSaved] of steps) {
          startMs += gap * 10 * minuteMs;
          whole.add(pane(startMs, evenly(gap + 1)));
          broken.add(pane(startMs, evenly(gap + 1)));
          const saved = structuredClone(broken.state());
          if (isSaved) broken = new HourArchive({ ...options, hours: 3 }, reference, saved);
        }
        expect(broken.state()).toEqual(whole.state());
        expect(broken.before(startMs + hourMs, []).features.map(({ counts }) => counts)).toEqual(
          whole.before(startMs + hourMs, []).features.map(({ counts }) => counts),
        );
      },
    ),
  );
});

it("drops hours that were counted in other cells", () => {
  const archive = new HourArchive(options, reference);
  archive.add(pane(0, evenly(10)));
  archive.add(pane(hourMs, evenly(10)));
  const other = new HourArchive({ ...options, cells: "two" }, reference, archive.state());
  expect(other.state()).toEqual({
    past: { cells: "two", hours: [] },
    current: { cells: "two", hours: [] },
  });
});

function pane(startMs: number, values: readonly number[]): Pane {
  return filledPane({ startMs, reference, values });
}
