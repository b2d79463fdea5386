import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeCategory } from "#core/drift/baseline.ts";
import { baselineMismatch, formatBaseline, parseBaseline } from "./baseline.ts";

const text = readFileSync(new URL("../../models/credit/1/baseline.json", import.meta.url), "utf8");

describe.each(["credit/1", "diabetes/1", "digits/1", "digits/2", "wine/1"])("of %s", (folder) => {
  it("is read whole", () => {
    const url = new URL(`../../models/${folder}/baseline.json`, import.meta.url);
    const file = JSON.parse(readFileSync(url, "utf8"));
    const baseline = parseBaseline(JSON.stringify(file));
    expect(baseline.digest).toBe(file.digest);
    expect(baseline.features.map(({ name }) => name)).toEqual(
      file.features.map(({ name }: { name: string }) => name),
    );
    for (const [index, feature] of [...baseline.features, ...baseline.outputs].entries()) {
      const { mean, sd, min, max, ...rest } = [...file.features, ...file.outputs][index];
      const { moments, ...read } = { moments: undefined, ...feature };
      expect(rest).toMatchObject(read);
      expect(moments).toEqual(mean === null ? undefined : { mean, sd, min, max });
    }
  });
});

it("refuses what is not JSON", () => {
  expect(() => parseBaseline("{")).toThrow(/baseline.json cannot be used: /);
  expect(() => parseBaseline("[]")).toThrow(/expected an object/);
});

type Feature = Record<string, unknown>;

it.each<[string, (feature: Feature) => void, string]>([
  [
    "edges that fall",
    (age) => Object.assign(age, { edges10: [2, 1], counts10: [1, 1, 1] }),
    "age.edges10[1]: is not above the edge before it",
  ],
  [
    "too few bins",
    (age) => Object.assign(age, { counts10: [1] }),
    "age.counts10: has 1 bins where 9 edges make 10",
  ],
  [
    "a count below zero",
    (age) => Object.assign(age, { nulls: -1 }),
    'age.nulls: expected a count, got "-1"',
  ],
  [
    "an unknown data type",
    (age) => Object.assign(age, { dtype: "BF16" }),
    'age.dtype: "BF16" is no data type',
  ],
  [
    "an unknown type",
    (age) => Object.assign(age, { type: "date" }),
    'age.type: expected number or category, got "date"',
  ],
  [
    "numbers that are texts",
    (age) => Object.assign(age, { dtype: "BYTES" }),
    "age.dtype: texts cannot be numbers",
  ],
  [
    "half of the moments",
    (age) => Object.assign(age, { sd: null }),
    'age.sd: expected a number, got "null"',
  ],
  [
    "a name twice",
    (age) => Object.assign(age, { name: "income" }),
    'features: "income" appears twice',
  ],
])("names %s", (_, spoil, problem) => {
  const file = JSON.parse(text);
  spoil(file.features[0]);
  expect(() => parseBaseline(JSON.stringify(file))).toThrow(problem);
});

it("names a format of the future", () => {
  expect(() => parseBaseline(text.replace('"format": 1', '"format": 2'))).toThrow(
    "format: expected 1, got 2",
  );
});

it("names no more than a few problems", () => {
  expect(() => parseBaseline("{}")).toThrow(/; and \d+ more$|createdAt/);
});

it("tells when it belongs to another version", () => {
  const baseline = parseBaseline(text);
  expect(baselineMismatch(baseline, { model: "credit", version: 1 })).toBeUndefined();
  expect(baselineMismatch(baseline, { model: "credit", version: 2 })).toBe(
    "baseline.json is of credit@1, not of credit@2",
  );
});

it.each(["wine/1", "diabetes/1", "credit/1", "digits/1", "digits/2"])(
  "writes the baseline of %s as it was read",
  (version) => {
    const path = new URL(`../../models/${version}/baseline.json`, import.meta.url);
    const text = readFileSync(path, "utf8");
    const written = formatBaseline(parseBaseline(text));
    expect(parseBaseline(written)).toEqual(parseBaseline(text));
    expect(JSON.parse(written)).toEqual(JSON.parse(text));
    expect(written.split("\n")).toHaveLength(text.split("\n").length);
  },
);

it("keeps how often the rest of many categories occurs", () => {
  const values = Array.from({ length: 600 }, (_, index) => `v${index % 400}`);
  const feature = describeCategory({ name: "x", dtype: "BYTES", values });
  const baseline = { ...parseBaseline(text), features: [feature], outputs: [] };
  expect(feature.rest).toEqual([{ count: 1, values: 144 }]);
  expect(parseBaseline(formatBaseline(baseline))).toEqual(baseline);
  const odd = formatBaseline(baseline).replace("[[1,144]]", '[[1,"many"]]');
  expect(() => parseBaseline(odd)).toThrow("x.rest[0][1]");
});

it("keeps which vocabulary was made with it", () => {
  const baseline = { ...parseBaseline(text), vocabulary: "abc" };
  expect(parseBaseline(formatBaseline(baseline))).toEqual(baseline);
});
