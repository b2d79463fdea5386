import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DriftStatistic } from "../model/settings.ts";
import { describeCategory, describeNumber } from "./baseline.ts";
import { type FeatureHistogram, prepareFeature } from "./comparison.ts";
import { contingencyOf } from "./contingency.ts";
import { hellinger, jensenShannon, largestDifference } from "./divergence.ts";
import { chiSquare } from "./homogeneity.ts";
import { psi } from "./psi.ts";
import type { Measurement, StatisticDefinition } from "./statistic.ts";
import { type FeatureReport, judgeFeature } from "./verdict.ts";

type Expected = { readonly value: number; readonly floor?: number };
type Side = readonly number[];
type Vectors = {
  readonly counts: readonly {
    readonly baseline: Side;
    readonly current: Side;
    readonly statistics: Readonly<Record<string, Expected>>;
  }[];
  readonly samples: readonly (Numbers | Categories)[];
};
type Sample<Type extends string, Value> = {
  readonly name: string;
  readonly type: Type;
  readonly dtype: "FP32" | "FP64";
  readonly baseline: readonly Value[];
  readonly current: readonly Value[];
  readonly statistics: Readonly<Partial<Record<DriftStatistic, Expected>>>;
};
type Numbers = Sample<"number", number>;
type Categories = Sample<"category", string>;

const path = new URL("../../../test/vectors/drift/statistics.json", import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(path, "utf8"));

const ofShares = [psi, jensenShannon, hellinger, largestDifference, chiSquare] as const;

describe.each(vectors.counts)("of $baseline and $current", ({ baseline, current, statistics }) => {
  it.each(ofShares)("$key is what scipy says", (statistic) => {
    expectNear(measure(statistic, baseline, current), statistics[statistic.key]);
  });
});

describe.each(vectors.samples)("$name", (sample) => {
  const report = judge(sample);

  it("has the statistics that numpy and scipy find, and no others", () => {
    const expected = Object.entries(sample.statistics);
    const place = (key: string) => (/^(ks|w1)/.test(key) ? "q64" : "q10");
    const idOf = (key: string) =>
      `${key}.${sample.type === "category" ? "cat" : place(key)}${key === "psi" ? ".half" : ""}`;
    expect(report.statistics.map(({ id }) => id)).toEqual(expected.map(([key]) => idOf(key)));
    for (const [key, of] of expected) {
      expectNear(report.statistics.find(({ id }) => id === idOf(key)) as Measurement, of);
    }
  });
});

it("names the formulas and their bins", () => {
  const ids = vectors.samples.map((sample) => judge(sample).statistics.map(({ id }) => id));
  expect(ids[0]).toEqual([
    ...["psi.q10.half", "js2.q10", "hellinger2.q10", "linf.q10", "chi2.q10"],
    ...["ks.q64", "w1.q64", "w1sd.q64"],
  ]);
  expect(ids.at(-1)).toEqual(["psi.cat.half", "js2.cat", "hellinger2.cat", "linf.cat", "chi2.cat"]);
});

describe("statistics of shares", () => {
  const count = fc.nat({ max: 10_000 });
  const bins = fc
    .array(fc.tuple(count, count), { minLength: 1, maxLength: 40 })
    .filter((pairs) => pairs.some(([b]) => b > 0) && pairs.some(([, c]) => c > 0));
  const sides = (pairs: readonly (readonly [number, number])[]) =>
    [pairs.map(([b]) => b), pairs.map(([, c]) => c)] as const;

  it.each(ofShares)("$key is 0 for equal counts and finite for any", (statistic) => {
    void fc.assert(
      fc.property(bins, (pairs) => {
        const [baseline, current] = sides(pairs);
        expect(measure(statistic, baseline, baseline).value).toBe(0);
        const { value, floor } = measure(statistic, baseline, current);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(value) && Number.isFinite(floor)).toBe(true);
      }),
    );
  });

  it.each(ofShares)("$key is the same from either side and in any order", (statistic) => {
    void fc.assert(
      fc.property(bins, (pairs) => {
        const [baseline, current] = sides(pairs);
        const { value, floor } = measure(statistic, baseline, current);
        const swapped = measure(statistic, current, baseline);
        const turned = measure(statistic, baseline.toReversed(), current.toReversed());
        const tolerance = 1e-9 * Math.max(1, value);
        expect(Math.abs(swapped.value - value)).toBeLessThan(tolerance);
        expect(Math.abs(turned.value - value)).toBeLessThan(tolerance);
        expect(swapped.floor).toBeCloseTo(floor as number, 9);
      }),
    );
  });

  it.each(ofShares)("$key takes no notice of bins that are empty on both sides", (statistic) => {
    const found = measure(statistic, [0, 3, 0, 5], [0, 7, 0, 1]);
    expect(found).toEqual(measure(statistic, [3, 5], [7, 1]));
  });

  it.each([jensenShannon, hellinger, largestDifference])(
    "$key of sides that share nothing is 1",
    (statistic) => {
      expect(measure(statistic, [4, 0], [0, 9]).value).toBeCloseTo(1, 12);
    },
  );
});

describe("distances between distributions", () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((each) => Math.fround(each));
  const values = fc.array(value, { minLength: 1, maxLength: 200 });

  it("are 0 for the same values", () => {
    void fc.assert(
      fc.property(values, (same) => {
        const { statistics } = judge({ ...numbers, baseline: same, current: same });
        for (const { id, value: found } of statistics) {
          // The means of bins come from sums in another order.
          if (id.startsWith("w1.")) expect(found).toBeLessThan(1e-9 * 1e6);
          else if (!id.startsWith("w1sd")) expect(found).toBe(0);
        }
      }),
    );
  });

  it("come out the same whether windows are counted at once or merged", () => {
    void fc.assert(
      fc.property(values, values, values, (baseline, one, other) => {
        const feature = prepareFeature(describeNumber({ ...named, values: baseline }));
        const whole = fill(feature.empty(), [...one, ...other]);
        const merged = fill(feature.empty(), one);
        const part = fill(feature.empty(), other).state();
        if (merged.type === "number" && part.type === "number") merged.merge(part);
        const [left, right] = [whole, merged].map((live) => judgeFeature(feature, live, {}));
        for (const [index, { value: found }] of (left as FeatureReport).statistics.entries()) {
          const again = right?.statistics[index]?.value as number;
          expect(Math.abs(again - found)).toBeLessThan(1e-9 * Math.max(1, Math.abs(found), 1e6));
        }
      }),
    );
  });

  it("tell how far values have moved, in their units and in standard deviations", () => {
    const baseline = Array.from({ length: 1000 }, (_, index) => index);
    const current = baseline.map((each) => each + 100);
    const { statistics } = judge({ ...numbers, baseline, current });
    const found = new Map(statistics.map((each) => [each.id, each]));
    expect(found.get("w1.q64")).toMatchObject({ threshold: undefined, floor: undefined });
    expect(found.get("w1.q64")?.value).toBeCloseTo(100, 6);
    expect(found.get("w1sd.q64")?.value).toBeCloseTo(100 / 288.675, 4);
    expect(found.get("ks.q64")?.value).toBeCloseTo(0.1, 1);
  });

  it("say nothing where sums are beyond a double", () => {
    const huge = Array.from({ length: 150 }, (_, index) => (index % 2 ? 1 : -1) * 1e308);
    const { statistics } = judge({ ...numbers, baseline: huge, current: huge });
    expect(statistics.map(({ id }) => id)).not.toContain("w1.q64");
    expect(statistics.every(({ value: found }) => Number.isFinite(found))).toBe(true);
  });
});

const named = { name: "x", dtype: "FP64" } as const;
const numbers = { ...named, type: "number", statistics: {} } as const;

function measure(statistic: StatisticDefinition, baseline: Side, current: Side): Measurement {
  const coarse = contingencyOf(Float64Array.from(baseline), Float64Array.from(current));
  const bins = { coarse: baseline.length, fine: 0 };
  const found = statistic.measure({ type: "number", bins, coarse, fine: undefined });
  if (found === undefined) throw new Error("expected a value");
  return found;
}

function expectNear(found: Measurement, expected: Expected | undefined): void {
  expect(Math.abs(found.value - (expected?.value ?? Number.NaN))).toBeLessThan(1e-9);
  if (expected?.floor === undefined) expect(found.floor).toBeUndefined();
  else expect(Math.abs((found.floor ?? Number.NaN) - expected.floor)).toBeLessThan(1e-9);
}

function judge(sample: Numbers | Categories): FeatureReport {
  const { name, dtype } = sample;
  const feature = prepareFeature(
    sample.type === "number"
      ? describeNumber({ name, dtype, values: sample.baseline })
      : describeCategory({ name, dtype: "BYTES", values: sample.baseline }),
  );
  const current =
    sample.type === "number" && dtype === "FP32" ? sample.current.map(Math.fround) : sample.current;
  return judgeFeature(feature, fill(feature.empty(), current), {});
}

function fill(live: FeatureHistogram, values: readonly (number | string)[]): FeatureHistogram {
  const rows = Uint32Array.from(values.keys());
  const noNulls = new Uint8Array(0);
  if (live.type === "number") {
    live.add(Float64Array.from(values, Number), noNulls, rows);
  } else {
    const dictionary = [...new Set(values.map(String))];
    const codes = Uint32Array.from(values, (value) => dictionary.indexOf(String(value)));
    live.add({ dictionary, codes }, noNulls, rows);
  }
  return live;
}
