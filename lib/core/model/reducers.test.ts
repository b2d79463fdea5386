import { expect, it } from "vitest";
import { reducerProblems } from "./reducers.ts";
import type { FeatureSpec, TensorSpec } from "./spec.ts";

const inputs: TensorSpec[] = [
  { name: "image", dtype: "FP32", shape: [-1, 3, 8, 8] },
  { name: "review", dtype: "BYTES", shape: [-1] },
];
const review: FeatureSpec = {
  ...{ name: "review", input: "review", column: 0, type: "text", dtype: "BYTES", unit: "" },
  ...{ min: undefined, max: undefined, categories: [], default: undefined, required: true },
};
const predictions = [
  { name: "vector", output: "out", role: "embedding" as const, labels: [] as string[] },
];
const model = { inputs, features: [review], predictions };

it("takes the numbers of texts, wide inputs and outputs", () => {
  const reducers = { review: ["length"], image: ["mean"], vector: ["norm", "sd"] } as const;
  expect(reducerProblems(reducers, model)).toEqual([]);
});

it("names what there is where a name is of nothing", () => {
  expect(reducerProblems({ reviews: ["length"] }, model)).toEqual([
    'monitoring.reducers: "reviews" is no feature of type text, no input of numbers and no ' +
      'output; there are "review", "image", "vector"',
  ]);
});

it("names the numbers that can be made where others are asked for", () => {
  expect(reducerProblems({ review: ["mean"], image: ["length"] }, model)).toEqual([
    'monitoring.reducers.review: "mean": a text is reduced to length, unknown',
    'monitoring.reducers.image: "length": numbers are reduced to mean, sd, norm',
  ]);
});

it("does not take a category for a text", () => {
  const features: FeatureSpec[] = [{ ...review, type: "category" }];
  expect(reducerProblems({ review: ["length"] }, { ...model, features })).toHaveLength(1);
});
