import type { Tensor } from "../tensor/tensor.ts";

/**
 * Names everything but the rows that requests must have in common to run together: inputs with data
 * type and dimensions beyond the first, and the outputs asked for.
 */
export function batchKey(inputs: readonly Tensor[], outputs: readonly string[]): string {
  return JSON.stringify([
    inputs.map((each) => [each.name, each.dtype, each.shape.slice(1)]),
    outputs,
  ]);
}
