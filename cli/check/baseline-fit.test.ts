import { describe, expect, it } from "vitest";
import { describeCategory, describeNumber } from "#core/drift/baseline.ts";
import { batchingDefaults, type FeatureSpec, type ModelSpec } from "#core/model/spec.ts";
import { baselineProblems } from "./baseline-fit.ts";

function feature(name: string, column: number): FeatureSpec {
  return {
    ...{ name, input: "x", column, type: "number", dtype: "FP32", unit: "" },
    ...{ min: undefined, max: undefined, categories: [], default: undefined, required: true },
  };
}

const spec: ModelSpec = {
  inputs: [{ name: "x", dtype: "FP32", shape: [-1, 2] }],
  outputs: [
    { name: "class", dtype: "INT64", shape: [-1] },
    { name: "shares", dtype: "FP32", shape: [-1, 2] },
  ],
  batching: batchingDefaults,
  batched: { enabled: true },
  features: [feature("a", 0), feature("b", 1)],
  predictions: [
    { name: "label", output: "class", role: "label", labels: ["no", "yes"] },
    { name: "probabilities", output: "shares", role: "probabilities", labels: ["no", "yes"] },
  ],
  instances: 1,
};

const number = (name: string, dtype: "FP32" | "FP64" = "FP32") =>
  describeNumber({ name, dtype, values: [1, 2, 3] });

const baseline = {
  ...{ model: "m", version: 1, digest: "abc", rows: 3, createdAt: "" },
  features: [number("a"), number("b")],
  outputs: [
    describeCategory({ name: "label", dtype: "INT64", values: ["no", "yes", "no"] }),
    number("probabilities.no"),
    number("probabilities.yes"),
  ],
};

const fit = { baseline, spec, digest: "abc", reducers: {} };

describe("a baseline", () => {
  it("fits the model whose columns it describes", () => {
    expect(baselineProblems(fit)).toEqual([]);
  });

  it("does not fit another file", () => {
    expect(baselineProblems({ ...fit, digest: "def" })).toEqual([
      "it is of another model.onnx (abc, here def)",
    ]);
  });

  it("does not fit other names or data types", () => {
    const features = [number("a", "FP64"), number("c")];
    expect(baselineProblems({ ...fit, baseline: { ...baseline, features } })).toEqual([
      'it lacks the features "b"',
      'the model lacks the features "c"',
      "feature a is FP64 number, the model's FP32 number",
    ]);
  });
});
