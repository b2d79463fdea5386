import { Failure } from "../failure.ts";
import type { FeatureSpec } from "../model/spec.ts";
import { quote } from "../quote.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { toHalf } from "../tensor/half.ts";

export type CellValue = number | bigint | string;

const integerRange: Partial<Record<Dtype, readonly [min: bigint, max: bigint]>> = {
  BOOL: [0n, 1n],
  INT8: [-(2n ** 7n), 2n ** 7n - 1n],
  INT16: [-(2n ** 15n), 2n ** 15n - 1n],
  INT32: [-(2n ** 31n), 2n ** 31n - 1n],
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT8: [0n, 2n ** 8n - 1n],
  UINT16: [0n, 2n ** 16n - 1n],
  UINT32: [0n, 2n ** 32n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
};

const floatMax: Partial<Record<Dtype, number>> = { FP16: 65_504, FP32: 3.4028234663852886e38 };

/**
 * One value as an element of the feature's tensor: bits for FP16, bigint for 64-bit integers, text
 * for BYTES. Throws an invalid-argument Failure naming the feature and the row where the value is
 * of another kind, not a whole number where one is needed, or out of range. NaN and infinities are
 * data where the type has them.
 */
export function toElement(feature: FeatureSpec, value: CellValue, row: number): CellValue {
  const { dtype } = feature;
  if (dtype === "BYTES") {
    if (typeof value !== "string") throw wrongCell(feature, row, "takes texts, got a number");
    if (value.includes("\0")) throw wrongCell(feature, row, "contains a NUL character");
    return value;
  }
  if (typeof value === "string") throw wrongCell(feature, row, `takes ${dtype}, got a text`);
  const range = integerRange[dtype];
  if (range === undefined) return toFloat(feature, Number(value), row);
  const whole = toWhole(feature, value, row);
  const [min, max] = range;
  if (whole < min || whole > max) {
    throw wrongCell(feature, row, `${value} is outside ${dtype}'s ${min} to ${max}`);
  }
  return dtype === "INT64" || dtype === "UINT64" ? whole : Number(whole);
}

/**
 * What stands in an element whose value is missing: NaN for floats; undefined where nothing can.
 */
export function missingElement(dtype: Dtype): CellValue | undefined {
  if (dtype === "FP16") return toHalf(Number.NaN);
  return dtype === "FP32" || dtype === "FP64" ? Number.NaN : undefined;
}

export function wrongCell(feature: FeatureSpec, row: number, problem: string): Failure {
  return new Failure("invalid-argument", `feature ${quote(feature.name)}, row ${row}: ${problem}`);
}

function toWhole(feature: FeatureSpec, value: number | bigint, row: number): bigint {
  if (typeof value === "bigint") return value;
  if (!Number.isInteger(value)) {
    throw wrongCell(feature, row, `${value} is not a whole number (${feature.dtype})`);
  }
  if (!Number.isSafeInteger(value)) {
    throw wrongCell(feature, row, `${value} is beyond 2^53: send it in integers, not numbers`);
  }
  return BigInt(value);
}

function toFloat(feature: FeatureSpec, value: number, row: number): number {
  const max = floatMax[feature.dtype];
  if (max !== undefined && Number.isFinite(value) && Math.abs(value) > max) {
    throw wrongCell(feature, row, `${value} is beyond ${feature.dtype}'s largest, ${max}`);
  }
  return feature.dtype === "FP16" ? toHalf(value) : value;
}
