import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { batchingDefaults, type ModelSpec } from "#core/model/spec.ts";
import { ModelDescriptionSchema } from "#gen/sluice/control/v1/model_pb.ts";
import { fromDescription, toDescription } from "./description.ts";

const spec: ModelSpec = {
  inputs: [{ name: "x", dtype: "FP32", shape: [-1, 2] }],
  outputs: [{ name: "l", dtype: "INT64", shape: [-1] }],
  batching: { ...batchingDefaults, rowsPreferred: [4, 8], queueDelayMs: 0.5, tolerance: 0 },
  batched: { enabled: false, reason: "rows influence one another" },
  features: [
    {
      ...{ name: "income", input: "x", column: 1, type: "number", dtype: "FP32", unit: "EUR" },
      ...{ min: undefined, max: undefined, categories: ["a"], default: undefined, required: true },
    },
  ],
  predictions: [{ name: "label", output: "l", role: "label", labels: ["no", "yes"] }],
  instances: 2,
};

test("a model's specification comes back from its description", () => {
  const bytes = toBinary(ModelDescriptionSchema, toDescription(spec));
  expect(fromDescription(fromBinary(ModelDescriptionSchema, bytes))).toEqual(spec);
  const batched: ModelSpec = { ...spec, batched: { enabled: true } };
  expect(fromDescription(toDescription(batched))).toEqual(batched);
});

test("limits and defaults of features stay with the worker", () => {
  const features = spec.features.map((feature) => ({ ...feature, min: 0, default: 7 }));
  expect(fromDescription(toDescription({ ...spec, features })).features).toEqual(spec.features);
});

test("refuses types and roles that are none", () => {
  const input = create(ModelDescriptionSchema, { inputs: [{ name: "x", datatype: "BF16" }] });
  expect(() => fromDescription(input)).toThrow('data type "BF16" is not known');
  const output = create(ModelDescriptionSchema, { predictions: [{ name: "p", role: "what" }] });
  expect(() => fromDescription(output)).toThrow('output "p": role "what" is not known');
});
