import { expect, it } from "vitest";
import type { FeatureSettings } from "../model/settings.ts";
import { cellsOfSchema, domainOf, limitsOf, mergeConstraints, schemaOf } from "./constraints.ts";

it("takes what a model.yaml says of its features", () => {
  const schema = schemaOf([
    feature("age", { min: 18, max: 120, constraints: { completeness: 0.9, integral: true } }),
    feature("home", { categories: ["own", "rent"], default: "own" }),
    feature("note", { required: false }),
  ]);
  expect(schema.get("age")).toEqual({
    ...{ min: 18, max: 120, required: true },
    ...{ completeness: 0.9, integral: true },
  });
  // What has a default may be missing.
  expect(schema.get("home")).toEqual({ categories: ["own", "rent"] });
  expect(schema.get("note")).toEqual({});
  expect(schemaOf(undefined).size).toBe(0);
});

it("puts what is declared over what a baseline has, one by one", () => {
  const own = { min: 0, completeness: 0.5 };
  expect(mergeConstraints(own, { min: 1, max: undefined })).toEqual({ min: 1, completeness: 0.5 });
  expect(mergeConstraints()).toEqual({});
});

it("rounds limits as values are rounded", () => {
  expect(limitsOf({ min: 0.1, max: 1e39 }, "FP32")).toEqual({ min: Math.fround(0.1) });
  expect(limitsOf({ min: 0.1 }, "FP64").min).toBe(0.1);
  // No integer is between 0 and 0.5.
  expect(limitsOf({ min: 0.5 }, "INT64").min).toBe(0.5);
});

it("spells categories as live values do", () => {
  expect([...(domainOf({ categories: ["true", "false"] }, "BOOL") ?? [])]).toEqual(["1", "0"]);
  expect([...(domainOf({ categories: ["true"] }, "BYTES") ?? [])]).toEqual(["true"]);
  expect(domainOf({}, "BYTES")).toBeUndefined();
});

it("names the cells that a schema brings, and no others", () => {
  const of = (constraints: object) => cellsOfSchema(new Map([["x", constraints]]));
  expect(of({})).toBe("");
  expect(of({ required: true, completeness: 0.5, limits: 0.9 })).toBe("");
  expect(of({ min: 0 })).not.toBe(of({ max: 0 }));
  expect(of({ min: 0, limits: 0.9 })).toBe(of({ min: 0 }));
});

function feature(name: string, more: Partial<FeatureSettings>): FeatureSettings {
  return {
    ...{ name, input: name, column: undefined, type: undefined, unit: "" },
    ...{ min: undefined, max: undefined, categories: [], default: undefined, required: true },
    ...more,
  };
}
