import { expect, it } from "vitest";
import { CategoryBins, CategoryHistogram } from "./category-histogram.ts";

const categories = [
  { value: "a", count: 2 },
  { value: "b", count: 1 },
];
const all = Uint32Array.of(0, 1, 2, 3);
const values = { dictionary: ["b", "a", "z"], codes: Uint32Array.of(0, 1, 2, 0) };

it("counts by the baseline's categories, what is unseen last", () => {
  const live = new CategoryHistogram(new CategoryBins(categories));
  live.add(values, new Uint8Array(0), all);
  expect([...live.coarse()]).toEqual([1, 2, 1]);
  expect(live.quality.unseen).toBe(1);
  expect(live.binned).toBe(4);
});

it("counts nulls apart", () => {
  const live = new CategoryHistogram(new CategoryBins(categories));
  live.add(values, Uint8Array.of(0b0001), all);
  expect([...live.coarse()]).toEqual([1, 1, 1]);
  expect(live.quality.nulls).toBe(1);
});

it("counts a value as one of the rest where the baseline has a rest", () => {
  const bins = new CategoryBins([...categories, { value: "__other__", count: 9 }]);
  const live = new CategoryHistogram(bins);
  live.add(values, new Uint8Array(0), all);
  expect([...live.coarse()]).toEqual([1, 2, 1, 0]);
  expect(live.quality.unseen).toBe(0);
});

it("merges what another one holds", () => {
  const bins = new CategoryBins(categories);
  const [one, two] = [new CategoryHistogram(bins), new CategoryHistogram(bins)];
  one.add(values, new Uint8Array(0), all);
  two.add(values, Uint8Array.of(0b0100), all);
  one.merge(two.state());
  expect([...one.coarse()]).toEqual([2, 4, 1]);
  expect(one.quality).toMatchObject({ nulls: 1, unseen: 1 });
});
