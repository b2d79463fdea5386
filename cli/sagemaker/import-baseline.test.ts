import { describe, expect, it } from "vitest";
import type { FeatureBaseline } from "#core/drift/baseline.ts";
import { noSchema } from "#core/drift/constraints.ts";
import { performanceDefaults } from "#core/performance/performance-settings.ts";
import type { Dtype } from "#core/tensor/dtype.ts";
import { parseSageMakerConstraints } from "#wire/sagemaker/constraints.ts";
import { parseSageMakerStatistics } from "#wire/sagemaker/statistics.ts";
import {
  constraintsFile,
  numberColumn,
  statisticsFile,
  textColumn,
} from "../../test/support/sagemaker-files.ts";
import type { WatchedVersion } from "../drift/model-columns.ts";
import { type BaselineParts, type Imported, importBaseline } from "./import-baseline.ts";

const model: WatchedVersion = {
  ref: { model: "loan", version: 2 },
  digest: "d",
  thresholds: {},
  schema: noSchema,
  performance: { settings: performanceDefaults, declared: [] },
  features: [
    feature("age", "number", "FP32"),
    feature("home", "category", "BYTES"),
    feature("region", "category", "INT64"),
    { ...feature("image.mean", "number", "FP64"), reducer: "mean", feature: "image" },
  ],
  outputs: [
    ...[{ name: "label", output: "l", role: "label", labels: ["no", "yes"], dtype: "INT64" }],
    ...[{ name: "score", output: "s", role: "score", labels: [], dtype: "FP32" }],
  ].map((output) => ({ ...output, reduced: [] })) as WatchedVersion["outputs"],
};
const age = numberColumn("age", [30.5, 41, null, 52]);
const home = textColumn("home", ["own", "rent", "own", "own"]);

describe("statistics", () => {
  it("become the features and outputs of their names", () => {
    const columns = [
      ...[age, home, numberColumn("region", [1, 2, 2, 1]), numberColumn("customer", [7])],
      ...[textColumn("label", ["no", "no", "yes", "no"]), numberColumn("score", [0.1, 0.2])],
    ];
    const { features, outputs, missing, extra, leftOut } = ofStatistics(columns);
    expect(features).toMatchObject([
      {
        ...{ name: "age", dtype: "FP32", nulls: 1, counts64: expect.any(Array) },
        moments: { min: 30.5, max: 52 },
      },
      {
        name: "home",
        categories: [
          { value: "own", count: 3 },
          { value: "rent", count: 1 },
        ],
      },
      {
        name: "region",
        categories: [
          { value: "1", count: 2 },
          { value: "2", count: 2 },
        ],
      },
    ]);
    expect(outputs).toMatchObject([
      { name: "label", type: "category" },
      { name: "score", type: "number" },
    ]);
    expect({ missing, extra, leftOut }).toEqual({
      missing: { features: ["image.mean"], outputs: [] },
      extra: ["customer"],
      leftOut: [],
    });
  });

  it("tell nothing of what is made from whole rows", () => {
    const columns = [age, numberColumn("image.0", [1]), numberColumn("image.1", [1])];
    const { leftOut, extra } = ofStatistics(columns);
    expect(leftOut).toMatchObject([
      { name: "image.mean", reason: expect.stringContaining("whole rows") },
    ]);
    expect(extra).toEqual([]);
  });

  it("count the values that the file does not name as the rest", () => {
    const texts = ["a", "a", "a", "b", "b", "c", "d"];
    const [feature] = ofStatistics([textColumn("home", texts, 2)]).features;
    expect(feature).toMatchObject({
      categories: [
        { value: "a", count: 3 },
        { value: "b", count: 2 },
        { value: "__other__", count: 2 },
      ],
    });
  });

  it.each<[string, object, string]>([
    ["has fixed buckets alone", withoutSketch(age), "it has no sketch, and of fixed buckets no"],
    ["is of texts", textColumn("age", ["x"]), "its statistics are those of texts, and the model t"],
    ["is unknown", { name: "age", inferred_type: "Unknown" }, "there are no statistics of it"],
    [
      "has a coarse sketch",
      numberColumn("age", [...Array(100_000).keys()], 4),
      "its sketch is too coarse: one value stands for ",
    ],
    [
      "cannot be summed",
      numberColumn("age", [1e38, 1e308, 1e308]),
      "the sum of its values is beyond a double",
    ],
  ])("leave out a number that %s", (_, column, reason) => {
    // Rounded to FP32 such values are infinite.
    const wide = { ...model, features: model.features.map((each) => ({ ...each, dtype: "FP64" })) };
    const made = ofStatistics([column], wide as WatchedVersion);
    expect(made.features).toEqual([]);
    expect(made.leftOut).toEqual([{ name: "age", reason: expect.stringContaining(reason) }]);
  });

  it.each<[string, object, string]>([
    [
      "were compacted",
      numberColumn(
        "region",
        Array.from({ length: 9000 }, (_, index) => index % 9),
      ),
      "its sketch does not hold all values",
    ],
    ["are classes with names", numberColumn("label", [0, 1]), "the model's classes have names"],
  ])("leave out categories whose numbers %s", (_, column, reason) => {
    const { leftOut, missing } = ofStatistics([column]);
    expect(leftOut).toMatchObject([{ reason: expect.stringContaining(reason) }]);
    expect(missing.features).toContain("age");
  });
});

describe("constraints", () => {
  const rules = [
    { name: "age", inferred_type: "Integral", completeness: 1 },
    { name: "region", inferred_type: "Integral", completeness: 0.5 },
    { name: "customer", inferred_type: "String", completeness: 1 },
  ];
  const constraints = parseSageMakerConstraints(constraintsFile(rules));
  const statistics = parseSageMakerStatistics(statisticsFile(4, [age, home]));

  it("are of the features that statistics describe, and of others alone", () => {
    const made = importBaseline(model, { statistics, constraints, before: undefined });
    expect(shown(made)).toEqual([
      ["age", 3, { integral: true, type: 1, completeness: 1, thresholds: { ks: 0.1 } }],
      ["home", 4, undefined],
      ["region", 0, { completeness: 0.5, thresholds: { linf: 0.1 } }],
    ]);
    expect(made.leftOut).toEqual([{ name: "region", reason: "statistics.json does not have it" }]);
    expect(made.extra).toEqual(["customer"]);
    expect(made.rows).toBe(4);
  });

  it("are put in place of those that a baseline has", () => {
    const { features, outputs } = importBaseline(model, {
      ...{ statistics, constraints: undefined, before: undefined },
    });
    const before: BaselineParts = {
      ...{ rows: 4, outputs, vocabulary: "v" },
      features: features.map((feature) => ({ ...feature, constraints: { min: 7 } })),
    };
    const made = importBaseline(model, { statistics: undefined, constraints, before });
    expect(shown(made)).toEqual([
      ["age", 3, { integral: true, type: 1, completeness: 1, thresholds: { ks: 0.1 } }],
      ["home", 4, { min: 7 }],
      ["region", 0, { completeness: 0.5, thresholds: { linf: 0.1 } }],
    ]);
    expect(made.rows).toBe(4);
  });

  it("tell what has no equal, and of which columns", () => {
    const off = constraintsFile(rules, { emit_metrics: "Disabled", note: 1 });
    const { remarks } = importBaseline(model, {
      ...{ statistics, before: undefined },
      constraints: parseSageMakerConstraints(off),
    });
    expect(remarks).toEqual([
      {
        text: "emit_metrics is Disabled: metrics are told all the same",
        names: ["age", "region"],
      },
      { text: "unknown key monitoring_config.note", names: [] },
    ]);
  });
});

function feature(name: string, type: "number" | "category", dtype: Dtype) {
  return { name, type, dtype, reducer: undefined, feature: name, partDtype: dtype } as const;
}

function ofStatistics(columns: readonly object[], of: WatchedVersion = model): Imported {
  const statistics = parseSageMakerStatistics(statisticsFile(4, columns));
  return importBaseline(of, { statistics, constraints: undefined, before: undefined });
}

function shown({ features }: Imported) {
  return features.map((feature) => [feature.name, countOf(feature), feature.constraints]);
}

function countOf(feature: FeatureBaseline): number {
  const counts =
    feature.type === "number" ? feature.counts10 : feature.categories.map(({ count }) => count);
  return counts.reduce((sum, count) => sum + count, 0);
}

function withoutSketch(column: typeof age): object {
  const { distribution, ...statistics } = column.numerical_statistics;
  const { buckets } = distribution.kll;
  return {
    ...column,
    numerical_statistics: { ...statistics, distribution: { kll: { buckets } } },
  };
}
