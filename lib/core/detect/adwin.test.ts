import { expect, it } from "vitest";
import {
  type DetectorStream,
  performanceVectors,
} from "../../../test/support/performance-vectors.ts";
import { Adwin, adwinDefaults } from "./adwin.ts";

const streams = performanceVectors<DetectorStream>("detectors");

it.each(streams)("finds river's changes in $name", ({ values, adwin, adwinEager }) => {
  expect(changes(new Adwin(), values)).toEqual(adwin);
  const eager = { ...adwinDefaults, delta: 0.05, clock: 1, bucketsMax: 3 };
  expect(changes(new Adwin(eager), values)).toEqual(adwinEager);
});

it.each(streams)("goes on from its state in $name", ({ values, adwin }) => {
  let detector = new Adwin();
  const found: number[] = [];
  for (const [place, value] of values.entries()) {
    if (detector.update(value)) found.push(place);
    if (place % 37 === 0) {
      detector = new Adwin(adwinDefaults, JSON.parse(JSON.stringify(detector.state())));
    }
  }
  expect(found).toEqual(adwin);
});

it("stays small", () => {
  const detector = new Adwin();
  expect(detector.mean).toBeUndefined();
  for (let row = 0; row < 100_000; row += 1) detector.update(row % 2);
  expect(detector.width).toBe(100_000);
  expect(detector.mean).toBeCloseTo(0.5, 9);
  expect(detector.state().levels.flat().length).toBeLessThan(90);
});

it("passes over what is no number", () => {
  const detector = new Adwin();
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(detector.update(value)).toBe(false);
  }
  expect(detector.width).toBe(0);
});

function changes(detector: Adwin, values: readonly number[]): number[] {
  return [...values.keys()].filter((place) => detector.update(values[place] as number));
}
