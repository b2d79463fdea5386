import { describe, expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { describeCategory, describeNumber } from "./baseline.ts";
import { compare, prepareFeature } from "./comparison.ts";
import { type Finding, findProblems } from "./findings.ts";

const none = new Uint8Array(0);

describe("findProblems", () => {
  const old = Array.from({ length: 10_000 }, (_, index) => (index < 100 ? null : index % 1000));
  const number = prepareFeature(describeNumber({ name: "x", dtype: "FP64", values: old }));

  it("finds nothing in values like those of the baseline", () => {
    expect(problemsOf(old.slice(100, 3100))).toEqual([]);
  });

  it("finds more missing values than before, where that matters", () => {
    const more = Array.from({ length: 1000 }, (_, index) => (index < 60 ? null : index));
    expect(problemsOf(more)).toMatchObject([
      { check: "missing", rows: 60, share: 0.06, shareBaseline: 0.01 },
    ]);
    const slightly = Array.from({ length: 100_000 }, (_, at) => (at % 55 === 0 ? null : at % 1000));
    expect(problemsOf(slightly)).toEqual([]);
  });

  it("finds NaN, infinities and values of another kind where there were none", () => {
    const odd = Array.from({ length: 1000 }, (_, index) => index);
    odd.splice(0, 6, Number.NaN, Number.NaN, Number.NaN, ...[1, -1, 1].map((sign) => sign / 0));
    expect(problemsOf(odd).map(({ check, rows }) => [check, rows])).toEqual([
      ["nan", 3],
      ["infinite", 3],
    ]);
    const live = number.empty();
    if (live.type === "number") live.addTypeErrors(50);
    expect(findProblems(number, live, compare(number, live))).toMatchObject([
      { check: "type", rows: 50, share: 1 },
    ]);
  });

  it("finds values outside of the range, once they are more than chance", () => {
    const beyond = (count: number) =>
      Array.from({ length: 200 }, (_, index) => (index < count ? 999.5 + index : index));
    expect(problemsOf(beyond(2))).toEqual([]);
    expect(problemsOf(beyond(8))).toMatchObject([{ check: "range", rows: 8, share: 0.04 }]);
    expect(problemsOf([...beyond(0), 0, 999])).toEqual([]);
  });

  it("finds that all values are in one bin", () => {
    const [finding] = problemsOf(Array.from({ length: 100 }, () => 500));
    expect(finding).toMatchObject({ check: "constant", rows: 100, share: 1 });
    expect(finding?.shareBaseline).toBeCloseTo(1 / 64, 2);
  });

  it("finds categories that are new, or gone, or all that is left", () => {
    const names = Array.from({ length: 1000 }, (_, index) => ["a", "b", "c", "d"][index % 4] ?? "");
    const category = prepareFeature(describeCategory({ name: "c", dtype: "BYTES", values: names }));
    const of = (texts: readonly string[]) => {
      const live = category.empty();
      const rows = Uint32Array.from(texts.keys());
      if (live.type === "category") {
        live.add({ dictionary: [...texts], codes: texts.map((_, code) => code) }, none, rows);
      }
      return findProblems(category, live, compare(category, live));
    };
    expect(of(names.slice(0, 100))).toEqual([]);
    expect(of([...names.slice(0, 90), ..."efghijklmn"])).toMatchObject([
      { check: "unseen", rows: 10, share: 0.1 },
    ]);
    const abc = names.slice(0, 200).filter((name) => name !== "d");
    expect(of(abc)).toMatchObject([{ check: "vanished", rows: 1, shareBaseline: 0.25 }]);
    expect(of(Array.from({ length: 50 }, () => "a"))).toMatchObject([{ check: "constant" }]);
  });

  it("cries wolf in at most one of 200 windows of any size", () => {
    const draw = seededDraw(7);
    const value = () => (draw() < 0.02 ? null : Math.log(1 / (1 - draw())));
    const values = Array.from({ length: 10_000 }, value);
    const feature = prepareFeature(describeNumber({ name: "x", dtype: "FP64", values }));
    const found = Array.from({ length: 2000 }, (_, window) => {
      const rows = [50, 100, 500][window % 3] ?? 0;
      return problemsOf(Array.from({ length: rows }, value), feature).length;
    });
    expect(found.filter((count) => count > 0).length).toBeLessThanOrEqual(10);
  });

  function problemsOf(values: readonly (number | null)[], feature = number): Finding[] {
    const live = feature.empty();
    const nulls = new Uint8Array(Math.ceil(values.length / 8));
    for (const [row, value] of values.entries()) {
      if (value === null) nulls[row >> 3] = (nulls[row >> 3] ?? 0) | (1 << (row & 7));
    }
    const doubles = Float64Array.from(values, (value) => value ?? 0);
    if (live.type === "number") live.add(doubles, nulls, Uint32Array.from(values.keys()));
    return findProblems(feature, live, compare(feature, live));
  }
});
