import { describe, expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { describeCategory, describeNumber } from "./baseline.ts";
import { type PreparedFeature, prepareFeature } from "./comparison.ts";
import { judgeFeature } from "./verdict.ts";

const none = new Uint8Array(0);

function category(values: readonly string[]): PreparedFeature {
  return prepareFeature(describeCategory({ name: "c", dtype: "BYTES", values }));
}

function judgeTexts(feature: PreparedFeature, texts: readonly string[]) {
  const live = feature.empty();
  const dictionary = [...new Set(texts)];
  const codeOf = new Map(dictionary.map((text, code) => [text, code]));
  const codes = texts.map((text) => codeOf.get(text) ?? 0);
  const rows = Uint32Array.from(texts.keys());
  if (live.type === "category") live.add({ dictionary, codes }, none, rows);
  return judgeFeature(feature, live, {});
}

function judgeNumbers(feature: PreparedFeature, numbers: readonly number[]) {
  const live = feature.empty();
  const rows = Uint32Array.from(numbers.keys());
  if (live.type === "number") live.add(Float64Array.from(numbers), none, rows);
  return judgeFeature(feature, live, {});
}

const cities = (seed: number, rows: number) => {
  const draw = seededDraw(seed);
  return Array.from({ length: rows }, () => `city ${Math.floor(3000 * draw() ** 3)}`);
};

describe("cardinality", () => {
  it("counts different values, named or not, and tells how many were to be expected", () => {
    const feature = category(cities(1, 10_000));
    const texts = cities(2, 1000);
    const { distinct = 0, distinctExpected = 0 } = judgeTexts(feature, texts);
    const exact = new Set(texts).size;
    expect(Math.abs(distinct / exact - 1)).toBeLessThan(0.1);
    expect(Math.abs(distinctExpected / exact - 1)).toBeLessThan(0.1);
  });

  it("is silent in windows like the baseline, of many values or few", () => {
    const [many, few, ids] = [
      category(cities(1, 10_000)),
      category(Array.from({ length: 10_000 }, (_, row) => "abc"[row % 3] ?? "")),
      category(Array.from({ length: 5000 }, (_, row) => `id ${row}`)),
    ];
    const found = Array.from({ length: 300 }, (_, window) => {
      const texts = cities(100 + window, 50 + window * 5);
      const draw = seededDraw(window);
      const letters = texts.map(() => "abc"[Math.floor(draw() * 3)] ?? "");
      const others = texts.map((_text, row) => `id ${window} ${row}`);
      return [judgeTexts(many, texts), judgeTexts(few, letters), judgeTexts(ids, others)];
    }).flat();
    const told = found.filter(({ findings }) =>
      findings.some(({ check }) => check === "cardinality"),
    );
    expect(told).toHaveLength(0);
  });

  it("finds identifiers in place of categories, and says how many", () => {
    const feature = category(Array.from({ length: 10_000 }, (_, row) => "abcd"[row % 4] ?? ""));
    const texts = Array.from({ length: 1000 }, (_, row) => (row % 10 === 0 ? `id ${row}` : "a"));
    const finding = judgeTexts(feature, texts).findings.find(
      ({ check }) => check === "cardinality",
    );
    expect(finding?.rows).toBeGreaterThan(90);
    expect(finding?.rows).toBeLessThan(112);
    expect(finding?.shareBaseline).toBeCloseTo(4 / 1000, 6);
  });

  it("does not make a case of one stray value", () => {
    const feature = category(Array.from({ length: 10_000 }, () => "only"));
    const texts = Array.from({ length: 1000 }, (_, row) => (row === 5 ? "stray" : "only"));
    expect(judgeTexts(feature, texts).findings).toEqual([]);
  });

  it("finds a column of many values that has few", () => {
    const feature = category(cities(1, 10_000));
    const texts = cities(3, 1000).map((city) => city.replace(/\d\d+/, "1"));
    const { findings } = judgeTexts(feature, texts);
    expect(findings.map(({ check }) => check)).toContain("cardinality");
  });

  it("finds a number that takes few steps", () => {
    const draw = seededDraw(1);
    const values = Array.from({ length: 10_000 }, () => draw() * 10);
    const feature = prepareFeature(describeNumber({ name: "x", dtype: "FP64", values }));
    const like = Array.from({ length: 1000 }, () => draw() * 10);
    expect(judgeNumbers(feature, like).findings).toEqual([]);
    const rounded = judgeNumbers(
      feature,
      like.map((value) => Math.floor(value) + 0.5),
    );
    expect(rounded.findings).toMatchObject([{ check: "cardinality", rows: 10 }]);
    expect(rounded.distinct).toBeUndefined();
  });

  it("says nothing where a baseline does not tell how often the rest occurred", () => {
    const { baseline } = category(cities(1, 10_000));
    if (baseline.type === "number") throw new Error("a category");
    const { rest = [], ...without } = baseline;
    for (const partly of [without, { ...without, rest: rest.slice(1) }]) {
      const report = judgeTexts(prepareFeature(partly), cities(2, 1000));
      expect(report.distinctExpected).toBeUndefined();
      expect(report.distinct).toBeGreaterThan(100);
    }
  });

  it("says nothing of counts whose values nobody has counted", () => {
    const feature = category(cities(1, 10_000));
    const live = feature.empty();
    if (live.type === "number") throw new Error("a category");
    const texts = cities(2, 1000);
    const rows = Uint32Array.from(texts.keys());
    live.add({ dictionary: texts, codes: rows }, none, rows);
    const slid = feature.empty();
    const { unnamed, strangers: _strangers, ...counts } = live.state();
    expect(unnamed).toBeDefined();
    if (slid.type === "category") slid.merge(counts);
    const report = judgeFeature(feature, slid, {});
    expect([report.distinct, report.distinctExpected]).toEqual([undefined, undefined]);
    expect(report.findings).toEqual([]);
  });
});
