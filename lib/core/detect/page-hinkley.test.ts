import { expect, it } from "vitest";
import {
  type DetectorStream,
  performanceVectors,
} from "../../../test/support/performance-vectors.ts";
import { PageHinkley, pageHinkleyDefaults } from "./page-hinkley.ts";

const streams = performanceVectors<DetectorStream>("detectors");

it.each(streams)("finds river's changes in $name", ({ values, pageHinkley, pageHinkleyEager }) => {
  expect(changes(new PageHinkley(), values)).toEqual(pageHinkley);
  const eager = { valuesMin: 10, delta: 0.1, threshold: 8, alpha: 0.999 };
  expect(changes(new PageHinkley(eager), values)).toEqual(pageHinkleyEager);
});

it.each(streams)("goes on from its state in $name", ({ values, pageHinkley }) => {
  let detector = new PageHinkley();
  const found: number[] = [];
  for (const [place, value] of values.entries()) {
    if (detector.update(value)) found.push(place);
    detector = new PageHinkley(pageHinkleyDefaults, structuredClone(detector.state()));
  }
  expect(found).toEqual(pageHinkley);
});

it("passes over what is no number", () => {
  const detector = new PageHinkley();
  expect(detector.update(Number.NaN)).toBe(false);
  expect(detector.update(Number.NEGATIVE_INFINITY)).toBe(false);
  expect(detector.state().count).toBe(0);
});

function changes(detector: PageHinkley, values: readonly number[]): number[] {
  return [...values.keys()].filter((place) => detector.update(values[place] as number));
}
