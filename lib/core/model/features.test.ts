import { describe, expect, it } from "vitest";
import { deriveFeatures } from "./features.ts";
import type { FeatureSettings } from "./settings.ts";
import type { TensorSpec } from "./spec.ts";

const table: TensorSpec = { name: "x", dtype: "FP32", shape: [-1, 3] };
const texts: TensorSpec = { name: "home", dtype: "BYTES", shape: [-1, 1] };

describe("features nobody declared", () => {
  it.each([
    ["the input for [N]", [-1], ["x"]],
    ["the input for [N,1]", [-1, 1], ["x"]],
    ["the input and the column for [N,C]", [-1, 3], ["x.0", "x.1", "x.2"]],
    ["the input and the column for a fixed batch", [4, 2], ["x.0", "x.1"]],
    ["nothing for [N,257]", [-1, 257], []],
    ["nothing where the width varies", [-1, -1], []],
    ["nothing for [N,H,W]", [-1, 2, 2], []],
    ["nothing for a scalar", [], []],
  ])("are called after %s", (_, shape, names) => {
    const { specs, problems } = deriveFeatures(undefined, [{ ...table, shape }]);
    expect(specs.map((feature) => feature.name)).toEqual(names);
    expect(problems).toEqual([]);
  });

  it("are categories where they are texts, required, and without bounds", () => {
    const { specs } = deriveFeatures(undefined, [table, texts]);
    expect(specs.map(({ type }) => type)).toEqual(["number", "number", "number", "category"]);
    expect(specs[3]).toEqual({
      name: "home",
      input: "home",
      column: 0,
      type: "category",
      dtype: "BYTES",
      unit: "",
      min: undefined,
      max: undefined,
      categories: [],
      default: undefined,
      required: true,
    });
  });
});

describe("declared features", () => {
  it("come first and in their order; the other columns keep the names of their inputs", () => {
    const declared = [declare({ name: "b", column: 2 }), declare({ name: "a", column: 0 })];
    const { specs, problems } = deriveFeatures(declared, [table]);
    expect(problems).toEqual([]);
    expect(specs.map(({ name, column, dtype }) => [name, column, dtype])).toEqual([
      ["b", 2, "FP32"],
      ["a", 0, "FP32"],
      ["x.1", 1, "FP32"],
    ]);
  });

  it("without a column follow one another", () => {
    const declared = [
      declare({ name: "a" }),
      declare({ name: "h", input: "home" }),
      declare({ name: "b" }),
      declare({ name: "c" }),
    ];
    const { specs } = deriveFeatures(declared, [table, texts]);
    expect(specs.map(({ name, column }) => [name, column])).toEqual([
      ["a", 0],
      ["h", 0],
      ["b", 1],
      ["c", 2],
    ]);
  });

  it("may name some columns of an input whose width varies", () => {
    const open = { ...table, shape: [-1, -1] };
    const { specs, problems } = deriveFeatures([declare({ name: "a", column: 9 })], [open]);
    expect(specs.map(({ name }) => name)).toEqual(["a"]);
    expect(problems).toEqual([]);
  });

  it("may be categories that are numbers", () => {
    const { specs } = deriveFeatures([declare({ name: "a", type: "category" })], [table]);
    expect(specs[0]).toMatchObject({ type: "category", dtype: "FP32" });
  });

  it.each([
    [{ input: "y" }, 'features: a: no input "y"; the model has "x", "home", "image"'],
    [{ column: 3 }, 'features: a: input "x" of shape [-1,3] has no column 3; the last is 2'],
    [{ input: "image" }, 'features: a: input "image" of shape [-1,8,8] has no columns'],
    [{ input: "home", type: "number" }, 'features: a: input "home" takes texts, not numbers'],
    [{ default: "none" }, 'features: a: input "x" takes FP32, and the default is "none"'],
    [{ input: "home", default: 1 }, 'features: a: input "home" takes texts, and the default is 1'],
  ] as const)("that say %j contradict the model", (settings, problem) => {
    const image: TensorSpec = { name: "image", dtype: "FP32", shape: [-1, 8, 8] };
    const { problems } = deriveFeatures(
      [declare({ name: "a", ...settings })],
      [table, texts, image],
    );
    expect(problems).toEqual([problem]);
  });

  it("contradict one another where they share a column", () => {
    const declared = [declare({ name: "a", column: 1 }), declare({ name: "b", column: 1 })];
    expect(deriveFeatures(declared, [table]).problems).toEqual([
      'features: b: input "x" of shape [-1,3]: column 1 is already a',
    ]);
  });

  it("may not take the name of a column that nobody declared", () => {
    expect(deriveFeatures([declare({ name: "x.1", column: 0 })], [table]).problems).toEqual([
      'features: x.1 is also the name of column 1 of input "x", which is not declared',
    ]);
  });

  it("are all looked at, whatever is wrong with the first", () => {
    const declared = [declare({ name: "a", input: "y" }), declare({ name: "b", column: 7 })];
    expect(deriveFeatures(declared, [table]).problems).toHaveLength(2);
  });
});

function declare(settings: Partial<FeatureSettings> & { readonly name: string }): FeatureSettings {
  return {
    input: "x",
    column: undefined,
    type: undefined,
    unit: "",
    min: undefined,
    max: undefined,
    categories: [],
    default: undefined,
    required: true,
    ...settings,
  };
}
