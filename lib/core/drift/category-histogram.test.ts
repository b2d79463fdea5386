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

it("tells how many different values there are, those that are null left out", () => {
  const live = new CategoryHistogram(new CategoryBins(categories));
  const texts = { dictionary: ["a", "x", "z", "w"], codes: [0, 1, 2, 1] };
  live.add(texts, Uint8Array.of(0b0100), all);
  expect(live.distinct()?.named).toBe(1);
  expect(live.distinct()?.unnamed).toBeCloseTo(1, 1);
  const merged = new CategoryHistogram(new CategoryBins(categories));
  merged.add(texts, new Uint8Array(0), all);
  merged.merge(live.state());
  expect(merged.distinct()?.unnamed).toBeCloseTo(2, 1);
});

it("does not know how many different ones there are where what it merged did not", () => {
  const live = new CategoryHistogram(new CategoryBins(categories));
  live.add(values, new Uint8Array(0), all);
  const { unnamed, ...older } = live.state();
  expect(unnamed).toBeDefined();
  const restored = new CategoryHistogram(new CategoryBins(categories));
  restored.merge(older);
  expect(restored.coarse()).toEqual(live.coarse());
  restored.add(values, new Uint8Array(0), all);
  expect(restored.distinct()).toBeUndefined();
  const again = new CategoryHistogram(new CategoryBins(categories));
  again.merge(restored.state());
  expect(again.distinct()).toBeUndefined();
  const named = new CategoryHistogram(new CategoryBins(categories));
  named.merge({ ...older, counts: Float64Array.of(1, 2, 0) });
  expect(named.distinct()).toEqual({ named: 2, unnamed: 0 });
});

it("holds nothing more while every value has a name", () => {
  const live = new CategoryHistogram(new CategoryBins(categories));
  live.add({ dictionary: ["a", "b"], codes: [0, 1, 0, 1] }, new Uint8Array(0), all);
  expect(live.state()).not.toHaveProperty("unnamed");
});

it("tells the most frequent of the values that the baseline does not have", () => {
  const live = new CategoryHistogram(new CategoryBins(categories));
  live.add({ dictionary: ["x", "a", "y"], codes: [0, 2, 2, 1] }, new Uint8Array(0), all);
  const told = [
    { value: "y", rows: 2 },
    { value: "x", rows: 1 },
  ];
  expect(live.strangers).toEqual(told);
  const merged = new CategoryHistogram(new CategoryBins(categories));
  merged.merge(live.state());
  expect(merged.strangers).toEqual(told);
  const silent = new CategoryHistogram(new CategoryBins(categories, { tellsUnseen: false }));
  silent.add({ dictionary: ["x"], codes: [0, 0, 0, 0] }, new Uint8Array(0), all);
  silent.merge(live.state());
  expect(silent.strangers).toEqual([]);
  expect(silent.state()).not.toHaveProperty("strangers");
  expect(silent.quality.unseen).toBe(7);
});

it("does not tell values that the baseline may have among its rest", () => {
  const bins = new CategoryBins([...categories, { value: "__other__", count: 9 }]);
  const live = new CategoryHistogram(bins);
  live.add(values, new Uint8Array(0), all);
  expect(live.strangers).toEqual([]);
});
