import { expect, it } from "vitest";
import { describeCategory, describeNumber } from "./baseline.ts";
import { compare, prepareFeature } from "./comparison.ts";

it("sets live numbers against the baseline's ten bins", () => {
  const values = Array.from({ length: 100 }, (_, index) => index);
  const feature = prepareFeature(describeNumber({ name: "x", dtype: "INT32", values }));
  const live = feature.empty();
  if (live.type !== "number") throw new Error("expected a number");
  live.add(Float64Array.from([-5, 4, 99]), new Uint8Array(0), Uint32Array.from([0, 1, 2]));
  const { coarse } = compare(feature, live);
  expect([...coarse.baseline]).toEqual(Array.from({ length: 10 }, () => 10));
  expect([...coarse.current]).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
});

it("gives unseen categories a bin that the baseline leaves empty", () => {
  const values = ["a", "a", "b"];
  const feature = prepareFeature(describeCategory({ name: "c", dtype: "BYTES", values }));
  expect([...feature.counts]).toEqual([2, 1, 0]);
  expect(compare(feature, feature.empty()).type).toBe("category");
});
