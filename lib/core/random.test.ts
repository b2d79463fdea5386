import { expect, it } from "vitest";
import { seededDraw, shuffledIndexes } from "./random.ts";

it("draws the same numbers from the same seed", () => {
  const [one, two] = [seededDraw(7), seededDraw(7)];
  expect(Array.from({ length: 50 }, one)).toEqual(Array.from({ length: 50 }, two));
});

it("draws other numbers from another seed, all in [0, 1)", () => {
  const draws = Array.from({ length: 1000 }, seededDraw(8));
  expect(draws[0]).not.toBe(seededDraw(9)());
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
});

it("spreads its draws evenly", () => {
  const counts = new Array(10).fill(0);
  const draw = seededDraw(1);
  for (let index = 0; index < 100_000; index += 1) counts[Math.floor(draw() * 10)] += 1;
  // Nine degrees of freedom: a fair generator exceeds 27.9 once in a thousand seeds.
  const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  expect(chiSquare).toBeLessThan(27.9);
});

it("shuffles every index exactly once", () => {
  const shuffled = shuffledIndexes(100, seededDraw(3));
  expect([...shuffled].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect([...shuffled]).not.toEqual(Array.from({ length: 100 }, (_, i) => i));
});
