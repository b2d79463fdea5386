import type { Tensor } from "../tensor/tensor.ts";

/**
 * Names everything but the rows that requests must have in common to run together: the dimensions
 * of the inputs beyond the first, and the outputs asked for. Inputs are those of one model, all of
 * them and in its order, so that their names and data types are the same for every request.
 */
export function batchKey(inputs: readonly Tensor[], outputs: readonly string[]): string {
  let key = "";
  for (const { shape } of inputs) {
    for (let axis = 1; axis < shape.length; axis += 1) key += `${shape[axis]},`;
    key += ";";
  }
  // With its length in front, no name can be taken for two.
  for (const name of outputs) key += `${name.length}:${name}`;
  return key;
}
