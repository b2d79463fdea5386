import * as fc from "fast-check";
import { expect, it } from "vitest";
import { describeNumber } from "./baseline.ts";
import { makeGrid } from "./grid.ts";
import { NumberHistogram } from "./number-histogram.ts";

const none = new Uint8Array(0);
const finite = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1 });

it("counts the values of a baseline as the baseline does", () => {
  void fc.assert(
    fc.property(finite, (values) => {
      const baseline = describeNumber({ name: "x", dtype: "FP64", values });
      const live = histogram(baseline.edges10, baseline.edges64, values);
      expect([...live.coarse()]).toEqual(baseline.counts10);
      expect([...live.fine().counts]).toEqual(baseline.counts64);
      live.fine().sums.forEach((sum, bin) => {
        expect(sum).toBeCloseTo(baseline.sums64[bin] ?? Number.NaN, 9);
      });
    }),
  );
});

it("merges into what it would have counted itself", () => {
  void fc.assert(
    fc.property(finite, finite, (one, two) => {
      const merged = histogram([0], [-1, 1], one);
      merged.merge(histogram([0], [-1, 1], two).state());
      const whole = histogram([0], [-1, 1], [...one, ...two]);
      expect(merged.state().counts).toEqual(whole.state().counts);
      expect(merged.binned).toBe(one.length + two.length);
    }),
  );
});

it("counts apart what belongs to no bin", () => {
  const live = new NumberHistogram(makeGrid([], []));
  const values = Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, -1 / 0, 7);
  live.add(values, Uint8Array.of(0b10000), Uint32Array.from(values.keys()));
  live.addTypeErrors(2);
  expect(live.quality).toEqual({
    nulls: 1,
    nans: 1,
    posInf: 1,
    negInf: 1,
    typeErrors: 2,
    unseen: 0,
  });
  expect(live.binned).toBe(1);
  expect(live.mean).toBe(1);
});

it("adds only the rows it is told", () => {
  const live = new NumberHistogram(makeGrid([], []));
  live.add(Float64Array.of(1, 2, 3), none, Uint32Array.of(0, 2));
  expect(live.binned).toBe(2);
  expect(live.mean).toBe(2);
});

it("gives away a state that later values do not change", () => {
  const live = histogram([], [], [1]);
  const state = live.state();
  live.add(Float64Array.of(2), none, Uint32Array.of(0));
  expect([...state.counts]).toEqual([1]);
});

it("has no mean without values", () => {
  expect(histogram([], [], []).mean).toBeUndefined();
});

function histogram(coarse: readonly number[], fine: readonly number[], values: readonly number[]) {
  const live = new NumberHistogram(makeGrid(coarse, fine));
  live.add(Float64Array.from(values), none, Uint32Array.from(values.keys()));
  return live;
}
