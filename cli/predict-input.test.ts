import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { FeatureSchema } from "#gen/sluice/control/v1/model_pb.ts";
import { rowOfAssignments, rowsOfJson } from "./predict-input.ts";

const features = [
  create(FeatureSchema, { name: "age", datatype: "INT64" }),
  create(FeatureSchema, { name: "home", datatype: "BYTES" }),
];

describe("a row from name=value", () => {
  it("stands in the order of the features; what is left out is missing", () => {
    expect(rowOfAssignments(features, ["home=a=b", "age=41"])).toEqual([41, "a=b"]);
    expect(rowOfAssignments(features, ["age=41"])).toEqual([41, null]);
  });

  it.each([
    [["age"], /"age" is not of the form name=value/],
    [["aeg=1"], /unknown feature "aeg"/],
    [["age=1", "age=2"], /given twice/],
    [["age=old"], /takes a number/],
  ])("is refused for %j", (assignments, message) => {
    expect(() => rowOfAssignments(features, assignments)).toThrow(message);
  });
});

describe("rows from JSON", () => {
  it.each([
    [
      '[{"age": 41, "home": "own"}, {"home": 3}]',
      [
        [41, "own"],
        [null, "3"],
      ],
    ],
    [
      '{"age": [41, null], "home": ["own", "rent"]}',
      [
        [41, "own"],
        [null, "rent"],
      ],
    ],
    ['{"age": 41, "home": "own"}', [[41, "own"]]],
    ['\uFEFF[{"age": 41}]', [[41, null]]],
  ])("of %s", (json, rows) => {
    expect(rowsOfJson(features, json)).toEqual(rows);
  });

  it.each([
    ["{", /not JSON/],
    ["3", /array of objects or an object of arrays/],
    ["[]", /no rows/],
    ["[[1]]", /row 1 of the input is no object/],
    ['{"age": [1], "home": "own"}', /"home" is no array, but "age" is/],
    ['{"age": [1], "home": ["a", "b"]}', /"home" has 2 values, "age" has 1/],
    ['[{"agee": 1}]', /Did you mean "age"/],
  ])("are refused for %s", (json, message) => {
    expect(() => rowsOfJson(features, json)).toThrow(message);
  });
});
