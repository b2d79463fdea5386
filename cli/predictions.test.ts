import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { compareRow, rowOf } from "./predictions.ts";

describe("predictions of one row", () => {
  it("are picked from the columns of the reply", () => {
    const response = create(PredictResponseSchema, {
      predictions: [
        { name: "label", values: { case: "texts", value: { values: ["a", "b"] } } },
        { name: "score", values: { case: "numbers", value: { values: [0.5, 1] } } },
        { name: "id", values: { case: "integers", value: { values: [1n, 2n] } } },
      ],
    });
    expect(rowOf(response, 1)).toEqual([
      { name: "label", value: "b" },
      { name: "score", value: 1 },
      { name: "id", value: 2n },
    ]);
  });
});

describe("comparing with what is recorded", () => {
  const compare = (value: number | string, recorded: string) =>
    compareRow([{ name: "y", value }], new Map([["y", recorded]]));

  it.each([
    [100.0009, "100"],
    [0.000009, "0"],
    [Number.NaN, "nan"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    ["class_0", "class_0"],
  ])("takes %s for %s", (value, recorded) => {
    expect(compare(value, recorded)).toEqual([]);
  });

  it.each([
    [100.0011, "100"],
    [0.000011, "0"],
    [Number.NaN, "0"],
    [1, "Infinity"],
    ["class_0", "class_1"],
  ])("tells %s from %s", (value, recorded) => {
    expect(compare(value, recorded)).toEqual([{ name: "y", predicted: String(value), recorded }]);
  });

  it("misses what was not predicted at all", () => {
    expect(compareRow([], new Map([["y", "1"]]))).toEqual([
      { name: "y", predicted: "nothing", recorded: "1" },
    ]);
  });
});
