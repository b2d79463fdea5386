import type { Dtype } from "../tensor/dtype.ts";

/**
 * Rounds a double to the data type of the tensor it feeds, and back to a double, so that a
 * baseline's values fall on the same side of an edge as live ones. Integers lose their fraction; -0
 * becomes 0. Not for BYTES.
 */
export function roundToDtype(dtype: Exclude<Dtype, "BYTES">, value: number): number {
  return round(dtype, value) + 0;
}

function round(dtype: Exclude<Dtype, "BYTES">, value: number): number {
  switch (dtype) {
    case "FP64":
      return value;
    case "FP32":
      return Math.fround(value);
    case "FP16":
      return Math.f16round(value);
    case "BOOL":
      return value === 0 ? 0 : 1;
    default:
      return Math.trunc(value);
  }
}
