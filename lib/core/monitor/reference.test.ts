import { expect, it } from "vitest";
import { describeCategory, describeNumber } from "../drift/baseline.ts";
import { prepareReference } from "./reference.ts";

it("finds features and outputs apart, by name", () => {
  const reference = prepareReference(
    {
      model: "m",
      version: 1,
      digest: "d",
      rows: 2,
      createdAt: "2026-11-01T00:00:00.000Z",
      features: [
        describeNumber({ name: "x", dtype: "FP32", values: [1, 2] }),
        describeCategory({ name: "c", dtype: "BYTES", values: ["a", "b"] }),
      ],
      outputs: [describeNumber({ name: "x", dtype: "FP64", values: [3, 4] })],
    },
    "print",
  );
  expect(reference).toMatchObject({ fingerprint: "print", digest: "d", rows: 2 });
  expect(reference.placeOf("feature", "c")).toBe(1);
  expect(reference.placeOf("output", "x")).toBe(0);
  expect(reference.placeOf("output", "c")).toBeUndefined();
});
