import { expect, test } from "vitest";
import type { FeatureSpec } from "../model/spec.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { missingElement, toElement } from "./cell.ts";

function feature(dtype: Dtype): FeatureSpec {
  const range = { min: undefined, max: undefined, default: undefined };
  const fixed = { unit: "", categories: [], required: true, type: "number" as const, ...range };
  return { name: "f", input: "f", column: 0, dtype, ...fixed };
}

test.each<[Dtype, bigint, bigint]>([
  ["BOOL", 0n, 1n],
  ["INT8", -128n, 127n],
  ["INT16", -32768n, 32767n],
  ["INT32", -(2n ** 31n), 2n ** 31n - 1n],
  ["INT64", -(2n ** 63n), 2n ** 63n - 1n],
  ["UINT8", 0n, 255n],
  ["UINT16", 0n, 65535n],
  ["UINT32", 0n, 2n ** 32n - 1n],
  ["UINT64", 0n, 2n ** 64n - 1n],
])("%s takes whole numbers from %d to %d and no others", (dtype, min, max) => {
  expect(BigInt(toElement(feature(dtype), min, 0))).toBe(min);
  expect(BigInt(toElement(feature(dtype), max, 0))).toBe(max);
  expect(() => toElement(feature(dtype), min - 1n, 0)).toThrow(`outside ${dtype}'s`);
  expect(() => toElement(feature(dtype), max + 1n, 3)).toThrow(`feature "f", row 3: ${max + 1n}`);
});

test("floats take any number, infinities and NaN included", () => {
  expect(toElement(feature("FP64"), 1e300, 0)).toBe(1e300);
  expect(toElement(feature("FP32"), Number.NaN, 0)).toBeNaN();
  expect(toElement(feature("FP32"), -Infinity, 0)).toBe(-Infinity);
  expect(toElement(feature("FP16"), 1, 0)).toBe(0x3c00);
  expect(() => toElement(feature("FP16"), 70_000, 0)).toThrow("beyond FP16's largest, 65504");
  expect(toElement(feature("FP64"), 5n, 0)).toBe(5);
});

test("only floats have an element for what is missing", () => {
  expect(missingElement("FP32")).toBeNaN();
  expect(missingElement("FP16")).toBe(0x7e00);
  expect(missingElement("INT64")).toBeUndefined();
  expect(missingElement("BYTES")).toBeUndefined();
});
