import { expect, it } from "vitest";
import type { FeatureSpec, TensorSpec } from "../model/spec.ts";
import { seededDraw } from "../random.ts";
import { dtypes } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/tensor.ts";
import { makeProbeRows, type ProbeAttempt, probeAttempts, probeRows } from "./probe-inputs.ts";

const attempt: ProbeAttempt = {
  length: 4,
  integerMax: 7,
  outlierIntegerMax: 100,
  texts: ["a", "b"],
};

it.each(dtypes)("makes rows of %s, and the same from the same seed", (dtype) => {
  const probe = { inputs: [{ name: "x", dtype, shape: [-1, 3, -1] }], features: [] };
  const [tensor] = makeProbeRows(probe, attempt, seededDraw(1));
  expect(tensor).toMatchObject({ name: "x", dtype, shape: [probeRows + 1, 3, 4] });
  expect(tensor?.data).toHaveLength(elementCount([probeRows + 1, 3, 4]));
  expect(makeProbeRows(probe, attempt, seededDraw(1))).toEqual([tensor]);
  expect(new Set([...(tensor?.data ?? [])].map(String)).size).toBeGreaterThan(1);
});

it("makes decimals of very different size, the last row's the largest by far", () => {
  const inputs: TensorSpec[] = [{ name: "x", dtype: "FP32", shape: [-1, 64] }];
  const [tensor] = makeProbeRows({ inputs, features: [] }, attempt, seededDraw(1));
  const values = [...(tensor?.data ?? [])].map((value) => Math.abs(Number(value)));
  const largest = Array.from({ length: probeRows + 1 }, (_, row) =>
    Math.max(...values.slice(row * 64, (row + 1) * 64)),
  );
  expect(largest[0]).toBeLessThan(0.001);
  expect(largest.at(-2)).toBeGreaterThan(100);
  expect(Math.min(...values.slice(-64))).toBeGreaterThanOrEqual(10_000);
});

it("stays within what the features declare, but for the outlier's decimals", () => {
  const inputs: TensorSpec[] = [
    { name: "x", dtype: "FP32", shape: [-1, 3] },
    { name: "n", dtype: "INT64", shape: [-1] },
    { name: "t", dtype: "BYTES", shape: [-1, 1] },
  ];
  const features = [
    feature("x", { column: 0, min: 18, max: 120 }),
    feature("x", { column: 1, min: 5 }),
    feature("x", { column: 2, max: -5 }),
    feature("n", { min: 3, max: 4 }),
    feature("t", { categories: ["own", "rent"] }),
  ];
  const [x, n, t] = makeProbeRows({ inputs, features }, attempt, seededDraw(1));
  for (let row = 0; row < probeRows; row += 1) {
    const [bounded, above, below] = [...(x?.data ?? [])].slice(row * 3).map(Number);
    expect(bounded).toBeGreaterThanOrEqual(18);
    expect(bounded).toBeLessThanOrEqual(120);
    expect(above).toBeGreaterThanOrEqual(5);
    expect(below).toBeLessThanOrEqual(-5);
  }
  expect(new Set<unknown>([...(n?.data ?? [])])).toEqual(new Set([3n, 4n]));
  expect(new Set<unknown>([...(t?.data ?? [])])).toEqual(new Set(["own", "rent"]));
});

it("guesses only at what the inputs leave open", () => {
  const attempts = (dtype: TensorSpec["dtype"], shape: number[]) => [
    ...probeAttempts({ inputs: [{ name: "x", dtype, shape }], features: [] }),
  ];
  expect(attempts("FP32", [-1, 3])).toHaveLength(1);
  expect(attempts("INT64", [-1]).map((each) => each.integerMax)).toEqual([7, 7, 1, 0]);
  expect(attempts("BYTES", [-1]).map((each) => each.texts[0])).toEqual(["a", "0"]);
  expect(attempts("FP32", [-1, -1]).map((each) => each.length)).toEqual([4, 16, 64, 224, 1]);
  expect(attempts("FP32", [-1, -1, -1, -1]).map((each) => each.length)).toEqual([4, 16, 64, 1]);
  expect(attempts("FP32", [-1, 2_000_000])).toEqual([]);
});

function feature(input: string, spec: Partial<FeatureSpec>): FeatureSpec {
  return {
    name: input,
    input,
    column: 0,
    type: "number",
    dtype: "FP32",
    unit: "",
    min: undefined,
    max: undefined,
    categories: [],
    default: undefined,
    required: true,
    ...spec,
  };
}
