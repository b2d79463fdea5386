import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Constraints } from "#core/drift/constraints.ts";
import { formatBaseline, parseBaseline } from "./baseline.ts";

const text = readFileSync(new URL("../../models/credit/1/baseline.json", import.meta.url), "utf8");

it("comes back as it was written", () => {
  const constraints: Constraints = {
    ...{ min: 0, max: 9, limits: 0.9, categories: ["", "a"], domain: 1, integral: true },
    ...{ type: 0.5, required: true, completeness: 0, thresholds: { ks: 0.1 } },
  };
  expect(parseBaseline(formatBaseline(withConstraints(constraints))).features[0]).toMatchObject({
    constraints,
  });
  expect(JSON.parse(formatBaseline(parseBaseline(text)))).toEqual(JSON.parse(text));
});

it.each<[string, object, string]>([
  ["a share of more than all", { completeness: 1.1 }, "age.constraints.completeness: 1.1 is no "],
  ["what there is not", { minimum: 1 }, 'age.constraints: unknown key "minimum"'],
  ["limits that cross", { min: 2, max: 1 }, "age.constraints: min 2 is more than max 1"],
  ["another kind of value", { integral: 1 }, "age.constraints.integral: expected true or false"],
  ["no list of texts", { categories: [1] }, "age.constraints.categories[0]: expected a text"],
  ["an unknown statistic", { thresholds: { kl: 1 } }, 'thresholds: unknown key "kl"'],
])("refuses %s", (_, constraints, problem) => {
  const made = formatBaseline(withConstraints(constraints));
  expect(() => parseBaseline(made)).toThrow(problem);
});

function withConstraints(constraints: Constraints) {
  const baseline = parseBaseline(text);
  const [first, ...rest] = baseline.features;
  if (first === undefined) throw new Error("there are features");
  return { ...baseline, features: [{ ...first, constraints }, ...rest] };
}
