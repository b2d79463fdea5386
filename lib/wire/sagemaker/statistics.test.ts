import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { numberColumn, statisticsFile, textColumn } from "../../../test/support/sagemaker-files.ts";
import { parseSageMakerStatistics } from "./statistics.ts";

const age = numberColumn("age", [30, 41, null, 52]);
const home = textColumn("home", ["own", "rent", "own", ""]);

describe("a statistics.json", () => {
  it("tells counts, moments, values and texts", () => {
    const { rows, columns } = parseSageMakerStatistics(statisticsFile(4, [age, home]));
    expect(rows).toBe(4);
    expect(columns).toMatchObject([
      {
        ...{ name: "age", kind: "number", present: 3, missing: 1 },
        moments: { mean: 41, min: 30, max: 52 },
        sketch: { values: Float64Array.of(30, 41, 52), weights: Float64Array.of(1, 1, 1) },
      },
      {
        ...{ name: "home", kind: "text", present: 4, missing: 0 },
        values: [
          { value: "own", count: 2 },
          { value: "rent", count: 1 },
          { value: "", count: 1 },
        ],
      },
    ]);
  });

  it("weighs values by their level", () => {
    const many = numberColumn("x", [...Array(5000).keys()], 64);
    const { columns } = parseSageMakerStatistics(statisticsFile(5000, [many]));
    const [column] = columns;
    if (column?.kind !== "number" || column.sketch === undefined) throw new Error("has a sketch");
    expect(column.sketch.weights.reduce((sum, weight) => sum + weight, 0)).toBe(5000);
    expect(column.sketch.values.length).toBeLessThan(1000);
  });

  it("may lack a sketch, moments, a distribution, or everything", () => {
    const numbers = age.numerical_statistics;
    const { kll } = numbers.distribution;
    const read = (statistics: object) =>
      parseSageMakerStatistics(
        statisticsFile(4, [{ ...age, numerical_statistics: { ...numbers, ...statistics } }]),
      ).columns[0];
    const buckets = { kll: { buckets: kll.buckets } };
    expect(read({ distribution: buckets })).toMatchObject({ sketch: undefined });
    expect(read({ distribution: undefined })).toMatchObject({ sketch: undefined });
    expect(read({ mean: "NaN", max: "Infinity" })).toMatchObject({ moments: undefined });
    expect(read({ std_dev: undefined })).toMatchObject({ moments: undefined });
    const unknown = { name: "id", inferred_type: "Unknown" };
    expect(parseSageMakerStatistics(statisticsFile(4, [unknown])).columns).toMatchObject([
      { name: "id", kind: "unknown" },
    ]);
  });

  it("takes what JSON has no number for", () => {
    const odd = numberColumn("x", [1, Number.NaN, Number.POSITIVE_INFINITY]);
    const [column] = parseSageMakerStatistics(statisticsFile(3, [odd])).columns;
    expect(column).toMatchObject({
      sketch: { values: Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY) },
    });
  });
});

const kll = (data: unknown) => ({ distribution: { kll: { buckets: [], sketch: { data } } } });
const data = '"age".numerical_statistics.distribution.kll.sketch.data';

it.each<[string, object, string]>([
  ["a sketch of too few values", kll([[1, 2]]), `${data}: its 2 values stand for 2, and num_pres`],
  ["a sketch of too many", kll([[1], [2, 3]]), `${data}: its 3 values stand for 5, and num_prese`],
  ["a value that is none", kll([[1, "two", "3"]]), `${data}[0][1]: expected a number, got "\\"two`],
  ["a level that is none", kll([[1], 2]), `${data}[1]: expected a list, got "2"`],
  ["too many levels", kll(Array(60).fill([])), `${data}: has 60 levels, limit 50`],
  ["a mean that is none", { mean: true }, '"age".numerical_statistics.mean: expected a number'],
  ["limits that cross", { min: 99 }, '"age".numerical_statistics.min: 99 is more than max, 52'],
  ["a spread below zero", { std_dev: -1 }, '"age".numerical_statistics.std_dev: -1 is less than 0'],
  [
    "half a value",
    { common: { num_present: 1.5, num_missing: 0 } },
    "num_present: expected a count",
  ],
])("names the column and the place of %s", (_, statistics, problem) => {
  const numerical = { ...age.numerical_statistics, ...statistics };
  const text = statisticsFile(4, [{ ...age, numerical_statistics: numerical }]);
  expect(() => parseSageMakerStatistics(text)).toThrow(problem);
});

it.each<[string, string, string]>([
  ["no JSON", '{"version": 0,', "statistics.json cannot be used: "],
  ["a bare NaN", '{"mean": NaN}', "NaN"],
  ["a list", "[]", "expected an object"],
  ["another version", '{"version": 1}', "version: expected 0, got 1"],
  ["no columns", '{"version": 0, "dataset": {"item_count": 0}}', "features: expected a list"],
  ["a column twice", statisticsFile(4, [age, age]), 'features: "age" appears twice'],
  ["a column without a name", statisticsFile(4, [{}]), "features[0].name: expected a text"],
  [
    "more values than there are",
    statisticsFile(1, [textColumn("a", ["x"]), textColumn("b", ["x", "y"])]).replace(
      '"num_present":2',
      '"num_present":1',
    ),
    '"b".string_statistics.distribution.categorical.buckets: count 2, and num_present is 1',
  ],
])("refuses %s", (_, text, problem) => {
  expect(() => parseSageMakerStatistics(text)).toThrow(problem);
});

it("reads whatever it is given, or says what is wrong with it", () => {
  const valid: unknown = JSON.parse(statisticsFile(4, [age, home]));
  void fc.assert(
    fc.property(fc.nat(80), fc.jsonValue({ maxDepth: 2 }), (place, value) => {
      const text = JSON.stringify(replaced(valid, place, value));
      try {
        parseSageMakerStatistics(text);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
        expect(error).toMatchObject({
          code: "invalid-argument",
          message: expect.stringMatching(/^statistics\.json cannot be used: /),
        });
      }
    }),
    { numRuns: 2000 },
  );
});

/** With another value in place of the node that comes `place`-th. */
function replaced(root: unknown, place: number, value: unknown): unknown {
  let at = 0;
  const visit = (node: unknown): unknown => {
    at += 1;
    if (at === place + 1) return value;
    if (Array.isArray(node)) return node.map(visit);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, each]) => [key, visit(each)]));
  };
  return visit(root);
}
