import { expect, it } from "vitest";
import { SampledTimes } from "./sampled-times.ts";

const minute = 60_000;

it("remembers the minutes in which rows were left out, and those beside them", () => {
  const times = new SampledTimes();
  for (const at of [10, 10.5, 20]) times.add(at * minute);
  expect([8.9, 9, 11.9, 12].map((at) => times.isAround(at * minute))).toEqual([
    ...[false, true, true, false],
  ]);
  expect(times.isAnyBefore(9 * minute)).toBe(false);
  expect(times.isAnyBefore(10 * minute)).toBe(true);
  const restored = new SampledTimes(times.state());
  restored.dropBefore(11 * minute);
  expect(restored.state()).toEqual([20]);
});

it("forgets the oldest where there are very many", () => {
  const times = new SampledTimes();
  for (let at = 0; at <= 50_000; at += 1) times.add(at * minute);
  expect(times.state()).toHaveLength(50_000);
  expect(times.state()[0]).toBe(1);
});
