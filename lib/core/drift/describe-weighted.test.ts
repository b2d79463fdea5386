import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KllSketch } from "../../../test/support/kll-sketch.ts";
import { type Draw, seededDraw } from "../random.ts";
import { describeNumber, type NumberBaseline } from "./baseline.ts";
import { prepareFeature } from "./comparison.ts";
import { describeWeighted } from "./describe-weighted.ts";
import { judgeFeature } from "./verdict.ts";

describe("describeWeighted", () => {
  it("describes values as if each were there as often as it stands for", () => {
    const wide = fc.double({ min: -1e300, max: 1e300, noNaN: true });
    const odd = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1 / 0, 0.1);
    const value = fc.oneof(fc.integer({ min: -20, max: 20 }), wide, odd);
    const weighted = fc.array(fc.tuple(fc.nat(3), value), { maxLength: 60 });
    void fc.assert(
      fc.property(weighted, fc.nat(3), fc.constantFrom("FP32", "FP64"), (items, nulls, dtype) => {
        const values = Float64Array.from(items, ([, each]) => each);
        const weights = Float64Array.from(items, ([level]) => 2 ** level);
        const repeated = items.flatMap(([level, each]) => Array<number>(2 ** level).fill(each));
        const missing = Array.from({ length: nulls }, () => null);
        const whole = describeNumber({ name: "x", dtype, values: [...repeated, ...missing] });
        const made = describeWeighted({
          ...{ name: "x", dtype, nulls, values, weights, moments: undefined },
        });
        expect({ ...made, moments: undefined }).toEqual({ ...whole, moments: undefined });
        expect(made.moments?.min).toBe(whole.moments?.min);
        expect(made.moments?.max).toBe(whole.moments?.max);
      }),
    );
  });

  it("takes the moments that are known, rounded as values are", () => {
    const known = { mean: 2.5, sd: 1.1, min: 0.1, max: 3 };
    const made = describeWeighted({
      ...{ name: "x", dtype: "FP32", nulls: 0, moments: known },
      ...{ values: Float64Array.of(1, 4), weights: Float64Array.of(2, 4) },
    });
    expect(made.moments).toEqual({ mean: 2.5, sd: 1.1, min: Math.fround(0.1), max: 4 });
  });

  it("is the values' own baseline while a sketch holds them all", () => {
    const values = sampleOf(normal, 1500, seededDraw(5));
    expect(ofSketch(values)).toEqual(describeNumber({ name: "x", dtype: "FP64", values }));
  });

  it.each<[string, (draw: Draw) => number, number]>([
    ["normal", normal, 0.01],
    ["lognormal", (draw) => Math.exp(normal(draw)), 0.02],
    ["counted", (draw) => Math.floor(-5 * Math.log(1 - draw())), 0.02],
  ])("tells %s windows by a sketch of 100 000 as by the values", (_, value, differenceMax) => {
    const draw = seededDraw(11);
    const values = sampleOf(value, 100_000, draw);
    const [own, made] = [describeNumber({ name: "x", dtype: "FP64", values }), ofSketch(values)];
    for (const shift of [0, 0.3, 0.5]) {
      const live = sampleOf(value, 1000, draw).map((each) => each + shift);
      const [one, other] = [own, made].map((baseline) => psiOf(baseline, live));
      expect(Math.abs((one ?? 0) - (other ?? 0))).toBeLessThan(differenceMax);
    }
  });
});

function normal(draw: Draw): number {
  return Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
}

function sampleOf(value: (draw: Draw) => number, count: number, draw: Draw): Float64Array {
  return Float64Array.from({ length: count }, () => value(draw));
}

function ofSketch(values: Float64Array): NumberBaseline {
  const sketch = new KllSketch(2048, seededDraw(1));
  for (const value of values) sketch.add(value);
  return describeWeighted({
    ...{ name: "x", dtype: "FP64", nulls: 0, moments: undefined },
    values: Float64Array.from(sketch.levels.flat()),
    weights: Float64Array.from(
      sketch.levels.flatMap((level, height) => level.map(() => 2 ** height)),
    ),
  });
}

function psiOf(baseline: NumberBaseline, values: Float64Array): number | undefined {
  const feature = prepareFeature(baseline);
  const live = feature.empty();
  const rows = Uint32Array.from(values.keys());
  if (live.type === "number") live.add(values, new Uint8Array(0), rows);
  return judgeFeature(feature, live, {}).statistics[0]?.value;
}
