import { Failure } from "../failure.ts";
import { quote, quoteAll } from "../quote.ts";
import { elementCount, formatShape, type Tensor } from "../tensor/tensor.ts";
import type { ModelSpec, TensorSpec } from "./spec.ts";

/**
 * Compares a request's tensors with what the model takes: names, data types, shapes, element
 * counts, and texts the runtime could not carry. On a batched model all inputs must have the same
 * number of rows, at least one. Returns the first thing wrong as `invalid-argument`, naming the
 * input, what was expected and what came.
 */
export function checkTensors(spec: ModelSpec, tensors: readonly Tensor[]): Failure | undefined {
  const names = tensors.map((tensor) => tensor.name);
  const repeated = findRepeated(names);
  if (repeated !== undefined) return invalid(`input ${quote(repeated)} is given twice`);
  const unknown = names.find((name) => spec.inputs.every((input) => input.name !== name));
  if (unknown !== undefined) {
    const known = quoteAll(spec.inputs.map((input) => input.name));
    return invalid(`unexpected input ${quote(unknown)}; the model takes ${known}`);
  }
  const missing = spec.inputs.filter((input) => !names.includes(input.name));
  if (missing.length > 0) {
    const list = quoteAll(missing.map((input) => input.name));
    const count = `expected ${spec.inputs.length} inputs, got ${names.length}`;
    return invalid(`missing input ${list}: ${count}`);
  }
  for (const tensor of tensors) {
    const input = spec.inputs.find((each) => each.name === tensor.name);
    const problem = input === undefined ? undefined : problemOf(input, tensor);
    if (problem !== undefined) return invalid(`input ${quote(tensor.name)}: ${problem}`);
  }
  return spec.batched.enabled ? rowsProblem(tensors) : undefined;
}

/**
 * A request's tensors in the order of the model's inputs, or what is wrong with them as
 * `checkTensors` has it.
 */
export function orderInputs(
  spec: ModelSpec,
  tensors: readonly Tensor[],
): readonly Tensor[] | Failure {
  // Most requests have them in order and right, which costs little to see.
  if (areInOrder(spec, tensors)) return tensors;
  const failure = checkTensors(spec, tensors);
  if (failure !== undefined) return failure;
  return spec.inputs.flatMap(({ name }) => tensors.filter((tensor) => tensor.name === name));
}

/** Compares the outputs a request asks for with those the model has. */
export function checkOutputs(spec: ModelSpec, names: readonly string[]): Failure | undefined {
  const repeated = findRepeated(names);
  if (repeated !== undefined) return invalid(`output ${quote(repeated)} is asked for twice`);
  const unknown = names.find((name) => spec.outputs.every((output) => output.name !== name));
  if (unknown === undefined) return undefined;
  const known = quoteAll(spec.outputs.map((output) => output.name));
  return invalid(`unexpected output ${quote(unknown)}; the model has ${known}`);
}

/** A request may name thousands: comparing each with each would take a second. */
function findRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

function problemOf(input: TensorSpec, tensor: Tensor): string | undefined {
  if (tensor.dtype !== input.dtype) return `expected ${input.dtype}, got ${tensor.dtype}`;
  if (!fits(input.shape, tensor.shape)) {
    return `expected shape ${formatShape(input.shape)}, got ${formatShape(tensor.shape)}`;
  }
  const expected = elementCount(tensor.shape);
  if (tensor.data.length !== expected) {
    const shape = formatShape(tensor.shape);
    return `expected ${expected} elements for shape ${shape}, got ${tensor.data.length}`;
  }
  return Array.isArray(tensor.data) ? textProblem(tensor.data) : undefined;
}

function fits(expected: readonly number[], shape: readonly number[]): boolean {
  if (shape.length !== expected.length) return false;
  for (let axis = 0; axis < shape.length; axis += 1) {
    const dim = shape[axis] as number;
    if (dim < 0 || (expected[axis] !== -1 && expected[axis] !== dim)) return false;
  }
  return true;
}

/** The runtime's binding ends a text at its first NUL and cannot tell anyone. */
function textProblem(texts: readonly string[]): string | undefined {
  for (const [index, text] of texts.entries()) {
    if (text.includes("\0")) return `expected texts without NUL, got one in element ${index}`;
    if (!text.isWellFormed())
      return `expected valid Unicode, got half a character in element ${index}`;
  }
  return undefined;
}

function rowsProblem(tensors: readonly Tensor[]): Failure | undefined {
  const [first] = tensors;
  const rows = first?.shape[0];
  if (first === undefined || rows === undefined) return undefined;
  if (rows === 0) return invalid(`input ${quote(first.name)}: expected at least one row, got none`);
  const other = tensors.find((tensor) => tensor.shape[0] !== rows);
  if (other === undefined) return undefined;
  const expected = `expected ${rows} rows as in ${quote(first.name)}`;
  return invalid(`input ${quote(other.name)}: ${expected}, got ${other.shape[0]}`);
}

/** True only where `checkTensors` has nothing to say; texts are left to it. */
function areInOrder({ inputs, batched }: ModelSpec, tensors: readonly Tensor[]): boolean {
  if (tensors.length !== inputs.length) return false;
  const rows = tensors[0]?.shape[0];
  for (let index = 0; index < inputs.length; index += 1) {
    const input = inputs[index] as TensorSpec;
    const { name, dtype, shape, data } = tensors[index] as Tensor;
    if (name !== input.name || dtype !== input.dtype || Array.isArray(data)) return false;
    if (!fits(input.shape, shape) || data.length !== elementCount(shape)) return false;
    if (batched.enabled && (shape[0] !== rows || rows === 0)) return false;
  }
  return true;
}

function invalid(message: string): Failure {
  return new Failure("invalid-argument", message);
}
