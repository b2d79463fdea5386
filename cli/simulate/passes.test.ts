import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededDraw } from "#core/random.ts";
import { shuffledPasses } from "./passes.ts";

describe("shuffled passes", () => {
  it("have every item once in each pass, in the order of the seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(), (count, seed) => {
        const items = Array.from({ length: count }, (_, index) => index);
        const played = playTwice(items, seed);
        expect(played.slice(0, count).toSorted((a, b) => a - b)).toEqual(items);
        expect(played.slice(count).toSorted((a, b) => a - b)).toEqual(items);
        expect(playTwice(items, seed)).toEqual(played);
      }),
    );
  });
});

function playTwice(items: readonly number[], seed: number): number[] {
  const passes = shuffledPasses(items, seededDraw(seed));
  return Array.from({ length: 2 * items.length }, () => passes.next().value);
}
