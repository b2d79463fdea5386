import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { constraintsFile } from "../../../test/support/sagemaker-files.ts";
import { parseSageMakerConstraints } from "./constraints.ts";

const number = {
  ...{ name: "age", inferred_type: "Integral", completeness: 0.9 },
  num_constraints: { is_non_negative: true },
};
const text = {
  ...{ name: "home", inferred_type: "String", completeness: 1 },
  string_constraints: { domains: ["own", "rent"] },
};

it("tells what it does not know", () => {
  const column = { ...number, num_constraints: { is_non_negative: true, max_value: 9 }, note: 1 };
  const made = constraintsFile([column], {
    distribution_constraints: { comparion_method: "Simple" },
  });
  expect(parseSageMakerConstraints(made).unknown).toEqual([
    "distribution_constraints.comparion_method",
    "note",
    "num_constraints.max_value",
  ]);
});

it.each<[string, string, string]>([
  ["no JSON", "", "constraints.json cannot be used: "],
  ["another version", '{"version": 1, "features": []}', "version: expected 0, got 1"],
  [
    "one of a model's quality",
    '{"version": 0, "regression_constraints": {}}',
    "features: expected",
  ],
  [
    "a share above all",
    constraintsFile([{ ...number, completeness: 90 }]),
    '"age".completeness: 90 is no share from 0 to 1',
  ],
  [
    "an unknown type",
    constraintsFile([{ ...number, inferred_type: "Date" }]),
    '"age".inferred_type: expected Integral or Fractional or String or Unknown, got "Date"',
  ],
  [
    "a word that is none",
    constraintsFile([number], { emit_metrics: "Yes" }),
    'monitoring_config.emit_metrics: expected Enabled or Disabled, got "Yes"',
  ],
  [
    "a threshold that is none",
    constraintsFile([{ ...number, monitoringConfigOverrides: { domain_content_threshold: 2 } }]),
    '"age".monitoringConfigOverrides.domain_content_threshold: 2 is no share',
  ],
  [
    "a domain of other things",
    constraintsFile([{ ...text, string_constraints: { domains: [1] } }]),
    '"home".string_constraints.domains[0]: expected a text',
  ],
])("refuses %s", (_, made, problem) => {
  expect(() => parseSageMakerConstraints(made)).toThrow(problem);
});

it("reads whatever it is given, or says what is wrong with it", () => {
  const keys = fc.constantFrom(...Object.keys(number), ...Object.keys(text), "monitoring_config");
  const made = fc.dictionary(keys, fc.jsonValue({ maxDepth: 2 }));
  void fc.assert(
    fc.property(made, made, (column, config) => {
      try {
        parseSageMakerConstraints(constraintsFile([{ ...number, ...column }], config));
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
  );
});
