import { describe, expect, it } from "vitest";
import type { Dtype } from "../tensor/dtype.ts";
import { deriveOutputs } from "./outputs.ts";
import type { OutputSettings } from "./settings.ts";
import type { OutputSpec, TensorSpec } from "./spec.ts";

const label: TensorSpec = { name: "label", dtype: "INT64", shape: [-1] };
const scores: TensorSpec = { name: "scores", dtype: "FP32", shape: [-1, 3] };
const none = new Map<string, string[]>();

describe("outputs nobody declared", () => {
  it.each([
    ["INT64", [-1], "y", "label"],
    ["BYTES", [-1, 1], "y", "label"],
    ["BOOL", [-1], "y", "label"],
    ["FP32", [-1], "y", "value"],
    ["FP64", [-1, 1], "y", "value"],
    ["FP32", [], "y", "value"],
    ["FP32", [-1, 3], "probabilities", "probabilities"],
    ["FP32", [-1, 3], "y", "value"],
    ["INT64", [-1, 3], "y", "value"],
    ["FP32", [-1, 257], "y", "embedding"],
    ["FP32", [-1, 2, 2], "y", "embedding"],
  ] as const)("of %s %j called %s are a %s", (dtype, shape, name, role) => {
    const outputs = [{ name, dtype: dtype satisfies Dtype, shape }];
    expect(deriveOutputs({ declared: undefined, outputs, classes: none })).toEqual({
      specs: [{ name, output: name, role, labels: [] }],
      problems: [],
    });
  });

  it("take the names of their classes from the model file", () => {
    const outputs: TensorSpec[] = [{ name: "label", dtype: "BYTES", shape: [-1] }, scores];
    const classes = new Map([["scores", ["a", "b", "c"]]]);
    expect(deriveOutputs({ declared: undefined, outputs, classes }).specs).toEqual([
      { name: "label", output: "label", role: "label", labels: ["a", "b", "c"] },
      { name: "scores", output: "scores", role: "probabilities", labels: ["a", "b", "c"] },
    ]);
  });

  it("leave numbered classes without names to stand for themselves", () => {
    const classes = new Map([["scores", ["1", "2", "3"]]]);
    const { specs } = deriveOutputs({ declared: undefined, outputs: [label, scores], classes });
    expect(specs.map(({ labels }) => labels)).toEqual([[], ["1", "2", "3"]]);
  });
});

describe("declared outputs", () => {
  it("are answered, and no others", () => {
    const declared = [declare({ name: "best", output: "label", labels: ["a", "b", "c"] })];
    expect(derive(declared)).toEqual([
      { name: "best", output: "label", role: "label", labels: ["a", "b", "c"] },
    ]);
  });

  it("overrule the names in the model file", () => {
    const declared = [declare({ name: "p", output: "scores", labels: ["x", "y", "z"] })];
    const classes = new Map([["scores", ["0", "1", "2"]]]);
    expect(derive(declared, classes)).toMatchObject([
      { role: "probabilities", labels: ["x", "y", "z"] },
    ]);
  });

  it("find the name of a class by its number, wherever the numbers begin", () => {
    const declared = [declare({ name: "best", output: "label", labels: ["a", "b", "c"] })];
    const classes = new Map([["scores", ["1", "3", "2"]]]);
    expect(derive(declared, classes)).toMatchObject([{ labels: ["0", "a", "c", "b"] }]);
  });

  it.each([
    [{ output: "y" }, none, 'outputs: a: no output "y"; the model has "label", "scores"'],
    [
      { output: "scores", role: "probabilities", labels: ["a"] },
      none,
      'outputs: a: output "scores" has 3 classes, and 1 labels are given',
    ],
    [
      { output: "label", labels: ["a", "b"] },
      new Map([["scores", ["0", "1", "2"]]]),
      'outputs: a: output "label" has 3 classes, and 2 labels are given',
    ],
    [
      { output: "label", labels: ["a", "b", "c"] },
      new Map([["scores", ["-1", "0", "1"]]]),
      'outputs: a: output "label" numbers its classes -1, 0, 1: these cannot be named',
    ],
    [{ output: "scores", labels: ["a"] }, none, "outputs: a: a value has no labels"],
  ] as const)("that say %j contradict the model", (settings, classes, problem) => {
    const declared = [declare({ name: "a", ...settings })];
    const { problems } = deriveOutputs({ declared, outputs: [label, scores], classes });
    expect(problems).toEqual([problem]);
  });
});

function derive(
  declared: readonly OutputSettings[],
  classes: ReadonlyMap<string, readonly string[]> = none,
): readonly OutputSpec[] {
  const { specs, problems } = deriveOutputs({ declared, outputs: [label, scores], classes });
  expect(problems).toEqual([]);
  return specs;
}

function declare(
  settings: Partial<OutputSettings> & { readonly name: string; readonly output: string },
): OutputSettings {
  return { role: undefined, labels: [], ...settings };
}
