import { readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { describeCategory, describeCounts, describeNumber } from "./baseline.ts";
import type { Frequency } from "./expected-distinct.ts";

const models = new URL("../../../models/", import.meta.url);

/** Models whose examples hold every row the committed baseline was made from. */
describe.each([
  ["digits", 1],
  ["digits", 2],
  ["diabetes", 1],
  ["wine", 1],
])("the baseline of %s version %d", (model, version) => {
  const file = read(`${model}/${version}/baseline.json`);
  const rows: Record<string, string>[] = parse(read(`${model}/examples.csv`), { columns: true });

  it.each(JSON.parse(file).features as Record<string, unknown>[])(
    "comes out to the last bit as Python made it: $name",
    ({ name, mean, sd, min, max, categories, ...expected }) => {
      const built = describeNumber({
        name: String(name),
        dtype: "FP32",
        values: rows.map((row) => Number(row[String(name)])),
      });
      expect(built).toEqual({ ...expected, name, moments: { mean, sd, min, max } });
      expect(categories).toEqual([]);
    },
  );
});

describe("describeNumber", () => {
  it("counts apart what belongs to no bin", () => {
    const built = describeNumber({
      name: "x",
      dtype: "FP32",
      values: [1, null, Number.NaN, Number.POSITIVE_INFINITY, -1e300, 2, null],
    });
    expect(built).toMatchObject({ nulls: 2, nans: 1, posInf: 1, negInf: 1 });
    expect(built.moments).toEqual({ mean: 1.5, sd: 0.5, min: 1, max: 2 });
    expect(built.counts10.reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  it("has one open bin and no moments where no value is finite", () => {
    const built = describeNumber({ name: "x", dtype: "FP64", values: [null] });
    expect(built).toMatchObject({ edges10: [], counts10: [0], sums64: [0] });
    expect(built.moments).toBeUndefined();
  });
});

describe("describeCategory", () => {
  it("ranks by count, then by code point", () => {
    const values = ["b", "\u{1f600}", "a", "\uffee", "b", null];
    const built = describeCategory({ name: "x", dtype: "BYTES", values });
    expect(built.categories).toEqual([
      { value: "b", count: 2 },
      { value: "a", count: 1 },
      { value: "\uffee", count: 1 },
      { value: "\u{1f600}", count: 1 },
    ]);
    expect(built.nulls).toBe(1);
  });

  it("lets those beyond the first 256 share one name", () => {
    const values = Array.from({ length: 300 }, (_, index) => `v${index}`);
    const built = describeCategory({ name: "x", dtype: "BYTES", values });
    expect(built.categories).toHaveLength(257);
    expect(built.categories[256]).toEqual({ value: "__other__", count: 44 });
    expect(built.rest).toEqual([{ count: 1, values: 44 }]);
  });

  it("says how often the rest occurs, roughly where that is often", () => {
    const counts = new Map(Array.from({ length: 2000 }, (_, index) => [`v${index}`, index + 1]));
    const { rest = [], categories } = describeCounts({
      ...{ name: "x", dtype: "BYTES", nulls: 0, counts },
    });
    const sum = (of: (each: Frequency) => number) =>
      rest.reduce((total, each) => total + of(each), 0);
    expect(sum(({ values }) => values)).toBe(2000 - 256);
    expect(sum(({ count, values }) => count * values)).toBeCloseTo(categories[256]?.count ?? 0, 3);
    expect(rest.filter(({ count }) => count <= 32)).toHaveLength(32);
    expect(rest.length).toBeLessThan(100);
  });
});

function read(path: string): string {
  return readFileSync(new URL(path, models), "utf8");
}
