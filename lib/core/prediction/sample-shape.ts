import type { TensorSpec } from "../model/spec.ts";
import type { PlannedTensor } from "./column-plan.ts";

/** More than one, so that an axis of rows is told from others of length one. */
export const sampleRows = 2;

/** A declared tensor with lengths where it has none, as that of a request of `sampleRows`. */
export function withSampleShape({ name, dtype, shape }: TensorSpec): PlannedTensor {
  const lengths = shape.map((dim, axis) => (dim >= 0 ? dim : axis === 0 ? sampleRows : 1));
  return { name, dtype, shape: lengths };
}
