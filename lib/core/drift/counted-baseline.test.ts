import { expect, it } from "vitest";
import { describeCategory, describeNumber } from "./baseline.ts";
import { compare, prepareFeature } from "./comparison.ts";
import { countedBaseline } from "./counted-baseline.ts";
import { findProblems } from "./findings.ts";
import { judgeFeature } from "./verdict.ts";

const numbers = prepareFeature(
  describeNumber({ name: "x", dtype: "FP64", values: Array.from({ length: 1000 }, (_, i) => i) }),
);
const homes = prepareFeature(
  describeCategory({ name: "home", dtype: "BYTES", values: repeat(["own", 600], ["rent", 400]) }),
);

it("is judged as a baseline of the counted values would be, in the same bins", () => {
  const values = Array.from({ length: 700 }, (_, i) => i % 500);
  const past = countedBaseline(numbers, numberCounts(values));
  const report = judgeFeature(past, numberCounts(values), {});
  expect(report).toMatchObject({ verdict: "ok", rowsBaseline: 700, rowsCurrent: 700 });
  expect(report.statistics.map(({ value }) => value)).toEqual(report.statistics.map(() => 0));
  expect(report.meanBaseline).toBe(report.meanCurrent);
  expect(judgeFeature(numbers, numberCounts(values), {}).verdict).toBe("alarm");
});

it("keeps the baseline's standard deviation as the unit of distances", () => {
  const [near, far] = [200, 400].map((mean) =>
    numberCounts(Array.from({ length: 400 }, (_, i) => mean + (i % 100))),
  );
  if (near === undefined || far === undefined) throw new Error("two were made");
  const report = judgeFeature(countedBaseline(numbers, near), far, {});
  const w1sd = report.statistics.find(({ id }) => id === "w1sd.q64")?.value;
  const sd = numbers.baseline.type === "number" ? numbers.baseline.moments?.sd : undefined;
  expect(w1sd).toBeCloseTo(200 / (sd ?? 0), 10);
});

it("expects what was missing, out of range and unseen before", () => {
  const odd = [...Array.from({ length: 200 }, (_, i) => i), ...repeatNumber(5000, 60)];
  const live = numberCounts(odd, 40);
  expect(checks(numbers, live)).toEqual(["missing", "range"]);
  expect(checks(countedBaseline(numbers, numberCounts(odd, 40)), live)).toEqual([]);
  const texts = repeat(["own", 150], ["rent", 100], ["boat", 60]);
  expect(checks(homes, categoryCounts(texts))).toEqual(["unseen"]);
  expect(checks(countedBaseline(homes, categoryCounts(texts)), categoryCounts(texts))).toEqual([]);
});

function checks(
  feature: typeof numbers,
  live: ReturnType<typeof numberCounts> | ReturnType<typeof categoryCounts>,
) {
  return findProblems(feature, live, compare(feature, live)).map(({ check }) => check);
}

function numberCounts(values: readonly number[], nulls = 0) {
  const histogram = numbers.empty();
  if (histogram.type !== "number") throw new Error("it is one of numbers");
  const doubles = Float64Array.from([...values, ...repeatNumber(0, nulls)]);
  const bitmap = new Uint8Array(Math.ceil(doubles.length / 8));
  for (let row = values.length; row < doubles.length; row += 1) {
    bitmap[row >> 3] = (bitmap[row >> 3] ?? 0) | (1 << (row & 7));
  }
  histogram.add(doubles, bitmap, Uint32Array.from(doubles.keys()));
  return histogram;
}

function categoryCounts(values: readonly string[]) {
  const histogram = homes.empty();
  if (histogram.type !== "category") throw new Error("it is one of categories");
  const dictionary = [...new Set(values)];
  const codes = values.map((value) => dictionary.indexOf(value));
  histogram.add({ dictionary, codes }, new Uint8Array(0), Uint32Array.from(codes.keys()));
  return histogram;
}

function repeat(...of: readonly (readonly [string, number])[]): string[] {
  return of.flatMap(([value, count]) => new Array<string>(count).fill(value));
}

function repeatNumber(value: number, count: number): number[] {
  return new Array<number>(count).fill(value);
}
