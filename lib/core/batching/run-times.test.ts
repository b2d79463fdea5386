import fc from "fast-check";
import { expect, test } from "vitest";
import { RunTimes } from "./run-times.ts";

function learned(runs: readonly (readonly [rows: number, ms: number])[], times = 200): RunTimes {
  const learning = new RunTimes();
  for (let time = 0; time < times; time += 1) {
    for (const [rows, ms] of runs) learning.add(rows, ms, time);
  }
  return learning;
}

test("knows nothing at first", () => {
  const times = new RunTimes();
  expect([times.meanMs(8, 0), times.safeMs(8, 0), times.leastMs(8, 0)]).toEqual([0, 0, 0]);
});

test("is careful about what it has seen once", () => {
  const times = learned([[4, 10]], 1);
  expect([times.meanMs(4, 1), times.safeMs(4, 1), times.leastMs(4, 1)]).toEqual([10, 20, 0]);
  expect(times.likelyMs(4, 1)).toBe(15);
});

test("takes a size between two others for what lies between, and beyond for the nearest", () => {
  const times = learned([
    [4, 10],
    [16, 40],
  ]);
  const expected = [1, 4, 8, 16, 1000].map((rows) => times.meanMs(rows, 300));
  expect(expected.map((ms) => Math.round(ms))).toEqual([10, 10, 20, 40, 40]);
});

test("gives up nothing because of one slow run", () => {
  const times = learned([[1, 5]]);
  times.add(1, 500, 200);
  expect(times.leastMs(1, 200)).toBe(0);
  expect(times.safeMs(1, 200)).toBeGreaterThan(60);
});

test("gives up nothing for want of fresh runs, and forgets old ones", () => {
  const times = learned([[1, 5]]);
  expect([times.leastMs(1, 1000), times.leastMs(1, 1300)].map(Math.round)).toEqual([5, 0]);
  expect([times.meanMs(1, 60_000), times.meanMs(1, 61_000)].map(Math.round)).toEqual([5, 0]);
});

test("what no run beats is never above what nearly every run keeps to", () => {
  const run = fc.tuple(fc.integer({ min: 0, max: 2 ** 21 }), fc.double({ min: 0, max: 1e4 }));
  fc.assert(
    fc.property(fc.array(run, { minLength: 1 }), fc.integer({ min: 0, max: 300 }), (runs, rows) => {
      const times = new RunTimes();
      for (const [at, [size, ms]] of runs.entries()) times.add(size, Number.isNaN(ms) ? 0 : ms, at);
      const now = runs.length;
      expect(times.leastMs(rows, now)).toBeGreaterThanOrEqual(0);
      expect(times.meanMs(rows, now)).toBeLessThanOrEqual(times.safeMs(rows, now));
    }),
  );
});

test("takes a large run for as long as smaller ones of late, and no longer for each row", () => {
  const times = learned([
    [8, 80],
    [64, 500],
  ]);
  expect(times.currentMs(64, 200)).toBeCloseTo(500);
  for (let now = 7_000; now < 7_100; now += 1) times.add(8, 20, now);
  expect(times.currentMs(64, 7_100)).toBeCloseTo(160);
  for (let now = 20_000; now < 20_100; now += 1) times.add(8, 700, now);
  expect(times.currentMs(64, 20_100)).toBeCloseTo(700);
});
