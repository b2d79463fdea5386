import { describe, expect, it } from "vitest";
import { constraintsFile } from "../../../test/support/sagemaker-files.ts";
import { parseSageMakerConstraints } from "./constraints.ts";
import { toConstraints } from "./to-constraints.ts";

const number = {
  ...{ name: "age", inferred_type: "Integral", completeness: 0.9 },
  num_constraints: { is_non_negative: true },
};
const text = {
  ...{ name: "home", inferred_type: "String", completeness: 1 },
  string_constraints: { domains: ["own", "rent"] },
};
const ofNumber = { type: "number", dtype: "FP32" } as const;
const ofCategory = { type: "category", dtype: "BYTES" } as const;

describe("toConstraints", () => {
  it("demands of a number what has an equal here", () => {
    expect(mapped(number, ofNumber)).toEqual({
      constraints: {
        ...{ min: 0, integral: true, type: 1, completeness: 0.9 },
        thresholds: { ks: 0.1 },
      },
      remarks: [],
    });
    // The tensor sees to it.
    const { constraints } = mapped(number, { type: "number", dtype: "INT64" });
    expect(constraints.integral).toBeUndefined();
  });

  it("demands of a category what has an equal here", () => {
    expect(mapped(text, ofCategory)).toEqual({
      constraints: {
        ...{ categories: ["own", "rent"], domain: 1, completeness: 1 },
        thresholds: { linf: 0.1 },
      },
      remarks: [],
    });
  });

  it("may say of one column what is not said of all", () => {
    const overrides = {
      datatype_check_threshold: 0.5,
      distribution_constraints: { comparison_threshold: 0.3 },
    };
    for (const key of ["monitoringConfigOverrides", "monitoring_config_overrides"]) {
      expect(mapped({ ...number, [key]: overrides }, ofNumber).constraints).toMatchObject({
        type: 0.5,
        thresholds: { ks: 0.3 },
      });
    }
  });

  it.each<[string, object, object, { type: "number" | "category"; dtype: "FP32" | "BYTES" }]>([
    ["evaluate_constraints is Disabled", number, { evaluate_constraints: "Disabled" }, ofNumber],
    ["emit_metrics is Disabled", number, { emit_metrics: "Disabled" }, ofNumber],
    [
      "perform_comparison is Disabled",
      number,
      compared({ perform_comparison: "Disabled" }),
      ofNumber,
    ],
    ["comparison_method is Simple", number, compared({ comparison_method: "Simple" }), ofNumber],
    [
      "categorical_drift_method is ChiSquared",
      text,
      compared({ categorical_drift_method: "ChiSquared" }),
      ofCategory,
    ],
    ["inferred_type is String, and the model takes numbers", text, {}, ofNumber],
    ["string_constraints, and the model takes numbers", text, {}, ofNumber],
    ["is_non_negative, and the model takes categories", number, {}, ofCategory],
  ])("says that %s has no equal", (remark, column, monitoring, feature) => {
    const { remarks } = mapped(column, feature, monitoring);
    expect(remarks).toContainEqual(expect.stringContaining(remark));
  });

  it("checks nothing where that is turned off", () => {
    const { constraints } = mapped(number, ofNumber, { evaluate_constraints: "Disabled" });
    expect(constraints).toEqual({});
    const uncompared = compared({ perform_comparison: "Disabled" });
    expect(mapped(number, ofNumber, uncompared).constraints.thresholds).toBeUndefined();
  });
});

function mapped(column: object, feature: Parameters<typeof toConstraints>[1], monitoring = {}) {
  const [read] = parseSageMakerConstraints(constraintsFile([column], monitoring)).columns;
  if (read === undefined) throw new Error("there is a column");
  return toConstraints(read, feature);
}

function compared(more: object) {
  return { distribution_constraints: { comparison_threshold: 0.1, ...more } };
}
