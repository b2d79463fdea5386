import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeCategory, describeNumber } from "./baseline.ts";
import { type FeatureHistogram, prepareFeature } from "./comparison.ts";
import type { Constraints } from "./constraints.ts";
import { judgeFeature } from "./verdict.ts";

describe("limits", () => {
  it("are broken by a single value, and kept by one that is equal", () => {
    const constraints = { min: 0, max: 1 };
    expect(found({ constraints, values: [0, 0.5, 1] })).toEqual([]);
    expect(found({ constraints, values: [0, 1, 1 + Number.EPSILON, -Number.MIN_VALUE] })).toEqual([
      {
        ...{ check: "limit", rows: 2, share: 0.5, least: 1 },
        ...{ shareBaseline: 0, pValue: 0 },
      },
    ]);
  });

  it("are those of the data type", () => {
    const constraints = { min: 0.1, max: 0.3 };
    // 0.1 as a caller of the model can give it.
    const values = [0.1, 0.3];
    expect(found({ constraints, values, dtype: "FP32" })).toEqual([]);
    expect(found({ constraints, values: [0.09999999], dtype: "FP32" })).toMatchObject([
      { check: "limit", rows: 1 },
    ]);
    expect(found({ constraints: { min: 0.5 }, values: [0, 1], dtype: "INT64" })).toMatchObject([
      { check: "limit", rows: 1 },
    ]);
  });

  it("are broken by infinities, not by what is no number", () => {
    const values = [Number.POSITIVE_INFINITY, Number.NaN, -1 / 0, 5];
    const limits = (constraints: Constraints) =>
      found({ constraints, values }).find(({ check }) => check === "limit")?.rows;
    expect(limits({ max: 9 })).toBe(1);
    expect(limits({ min: 0, max: 4 })).toBe(3);
    expect(limits({})).toBeUndefined();
  });

  it("may allow a share", () => {
    const constraints = { min: 0, limits: 0.9 };
    const values = [-1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    expect(found({ constraints, values })).toEqual([]);
    expect(found({ constraints, values: [-1, ...values] })).toMatchObject([
      { check: "limit", rows: 2, least: 0.9 },
    ]);
  });

  it("are counted as looking at each value would, whatever the bins", () => {
    const few = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 40 });
    const limit = fc.option(fc.integer({ min: -12, max: 12 }), { nil: undefined });
    void fc.assert(
      fc.property(few, few, limit, limit, (baseline, values, min, max) => {
        const outside = values.filter(
          (value) => value < (min ?? -Infinity) || value > (max ?? Infinity),
        ).length;
        const constraints = { min, max };
        const told = found({ constraints, values, baseline }).filter(
          ({ check }) => check === "limit",
        );
        expect(told.map(({ rows }) => rows)).toEqual(outside === 0 ? [] : [outside]);
      }),
    );
  });
});

it("counts fractions where there may be none, and texts with them", () => {
  const constraints = { integral: true, type: 0.5 };
  expect(found({ constraints, values: [1, 2.5, -3, 0.5] })).toEqual([]);
  expect(found({ constraints, values: [1, 2.5, 0.5] })).toMatchObject([
    { check: "type", rows: 2, least: 0.5 },
  ]);
  const feature = prepareFeature(number([1, 2]), { declared: { integral: true } });
  const live = feature.empty();
  if (live.type === "number") live.addTypeErrors(3);
  expect(judgeFeature(feature, live, {}).findings).toMatchObject([{ check: "type", rows: 3 }]);
});

describe("completeness", () => {
  const nulls = Uint8Array.of(0b101);
  const values = [0, Number.NaN, 0, 4];
  const absent = (constraints: Constraints) =>
    found({ constraints, values, nulls }).find(({ check }) => check === "absent");

  it("wants a value in every row of what is required", () => {
    expect(absent({ required: true })).toMatchObject({ rows: 2, share: 0.5, least: 1 });
    expect(absent({})).toBeUndefined();
  });

  it("takes NaN for no value where a share is declared", () => {
    expect(absent({ completeness: 0.3, required: true })).toMatchObject({ rows: 3, least: 0.3 });
    expect(absent({ completeness: 0.25, required: true })).toBeUndefined();
  });
});

describe("a domain", () => {
  const texts = ["a", "a", "b", "c"];

  it("tells what is outside of it, whether the baseline has it or not", () => {
    const strays = (categories: string[], live: string[]) =>
      foundTexts({ categories }, live).filter(({ check }) => check === "domain");
    expect(strays(["a", "b", "c", "d"], ["a", "d"])).toEqual([]);
    expect(strays(["a", "b", "d"], ["a", "c", "d", "e"])).toMatchObject([{ rows: 2, share: 0.5 }]);
    expect(foundTexts({ categories: ["a"], domain: 0.5 }, ["a", "x"])).toEqual([]);
  });

  it("changes nothing of how values are compared", () => {
    const live = ["a", "c", "d", "e", "e"];
    const [plain, declared] = [{}, { categories: ["a", "e"] }].map((constraints) => {
      const { feature, histogram } = countTexts(constraints, live);
      return judgeFeature(feature, histogram, {});
    });
    expect({ ...declared, findings: [] }).toEqual({ ...plain, findings: [] });
  });

  it("is kept apart from the rest of a long baseline, and merged", () => {
    const many = Array.from({ length: 300 }, (_, index) => `c${index}`);
    const declared = { categories: [...many, "new"] };
    const { feature, histogram } = countTexts(declared, ["c99", "new", "other"], many);
    const merged = feature.empty();
    if (merged.type !== "category" || histogram.type !== "category") throw new Error("of texts");
    merged.merge(histogram.state());
    merged.merge(histogram.state());
    expect(merged.strays).toBe(2);
    expect([...merged.coarse()].slice(-2)).toEqual([6, 0]);
  });

  function foundTexts(constraints: Constraints, live: string[]) {
    const { feature, histogram } = countTexts(constraints, live);
    return judgeFeature(feature, histogram, {}).findings;
  }

  function countTexts(declared: Constraints, live: string[], values: string[] = texts) {
    const baseline = describeCategory({ name: "c", dtype: "BYTES", values });
    const feature = prepareFeature(baseline, { declared });
    const histogram = feature.empty();
    const rows = Uint32Array.from(live.keys());
    if (histogram.type === "category") {
      histogram.add({ dictionary: live, codes: rows }, new Uint8Array(0), rows);
    }
    return { feature, histogram };
  }
});

it("is of the baseline where nothing is declared", () => {
  const baseline = { ...number([1, 2]), constraints: { max: 5 } };
  const live = count(prepareFeature(baseline).empty(), [7]);
  expect(judgeFeature(prepareFeature(baseline), live, {}).findings).toMatchObject([
    { check: "limit" },
  ]);
});

it("sets thresholds where the model has none", () => {
  const values = Array.from({ length: 1000 }, (_, index) => index);
  const baseline = { ...number(values), constraints: { thresholds: { ks: 0.2, w1: 3 } } };
  const feature = prepareFeature(baseline);
  const report = judgeFeature(feature, count(feature.empty(), values), { w1: 7 });
  const threshold = (id: string) => report.statistics.find((each) => each.id === id)?.threshold;
  expect(threshold("ks.q64")).toBe(0.2);
  expect(threshold("w1.q64")).toBe(7);
});

type Live = {
  readonly constraints: Constraints;
  readonly values: readonly number[];
  readonly baseline?: readonly number[];
  readonly nulls?: Uint8Array;
  readonly dtype?: "FP64" | "FP32" | "INT64";
};

function found({ constraints, values, baseline = [0, 1, 2], nulls, dtype = "FP64" }: Live) {
  const feature = prepareFeature(number(baseline, dtype), { declared: constraints });
  const rounded = dtype === "FP32" ? Float64Array.from(Float32Array.from(values)) : values;
  const declared = ["limit", "type", "absent"];
  return judgeFeature(feature, count(feature.empty(), rounded, nulls), {}).findings.filter(
    ({ check }) => declared.includes(check),
  );
}

function number(values: Iterable<number>, dtype: "FP64" | "FP32" | "INT64" = "FP64") {
  return describeNumber({ name: "x", dtype, values });
}

function count(
  live: FeatureHistogram,
  values: Iterable<number>,
  nulls: Uint8Array = new Uint8Array(0),
): FeatureHistogram {
  const doubles = Float64Array.from(values);
  if (live.type === "number") live.add(doubles, nulls, Uint32Array.from(doubles.keys()));
  return live;
}
