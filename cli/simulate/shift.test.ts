import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { Baseline } from "#core/drift/baseline.ts";
import { describeNumber } from "#core/drift/baseline.ts";
import { FeatureSchema } from "#gen/sluice/control/v1/model_pb.ts";
import type { Row } from "../cells.ts";
import { parseShifts, shifter } from "./shift.ts";

const features = [
  create(FeatureSchema, { name: "bmi", datatype: "FP32" }),
  create(FeatureSchema, { name: "age", datatype: "INT64" }),
  create(FeatureSchema, { name: "home", datatype: "BYTES" }),
];

const baseline: Baseline = {
  ...{ model: "m", version: 1, digest: "", rows: 2, createdAt: "", outputs: [] },
  features: [describeNumber({ name: "bmi", dtype: "FP32", values: [1, 5] })],
};

function shifted(texts: readonly string[], row: Row, of: Baseline | undefined = baseline): Row {
  return shifter(features, parseShifts(features, texts), of)(row);
}

describe("a shift", () => {
  it.each([
    ["bmi=+1sd", [3, 40, "own"]],
    ["bmi=-.5sd", [0, 40, "own"]],
    ["bmi=+5", [6, 40, "own"]],
    ["bmi=-5", [-4, 40, "own"]],
    ["bmi=x2", [2, 40, "own"]],
    ["bmi=×-1.5e1", [-15, 40, "own"]],
    ["bmi==-5", [-5, 40, "own"]],
    ["age=x1.01", [1, 40, "own"]],
    ["age=+2.6", [1, 43, "own"]],
    ["home==rent", [1, 40, "rent"]],
    ["home=+5", [1, 40, "+5"]],
  ])("%s makes %j", (text, row) => {
    expect(shifted([text], [1, 40, "own"])).toEqual(row);
  });

  it("leaves missing values missing, and everything alone when there is none", () => {
    expect(shifted(["bmi=+5", "age=x2"], [null, 40, "own"])).toEqual([null, 80, "own"]);
    const row: Row = [1, 40, "own"];
    expect(shifted([], row)).toBe(row);
  });

  it.each([
    ["bmi", /is not of the form feature=change/],
    ["bmy=+1", /Did you mean "bmi"/],
    ["bmi=", /expected a change such as \+1sd/],
    ["bmi=+1std", /expected a change such as \+1sd/],
  ])("%s is refused", (text, message) => {
    expect(() => parseShifts(features, [text])).toThrow(message);
  });

  it("by deviations needs a baseline that has them", () => {
    expect(() => shifted(["age=+1sd"], [])).toThrow(/no standard deviation of "age"/);
    const shifts = parseShifts(features, ["bmi=+1sd"]);
    expect(() => shifter(features, shifts, undefined)).toThrow(/there is no baseline\.json/);
  });
});
