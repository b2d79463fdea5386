import { quote } from "../quote.ts";
import type { Dtype } from "../tensor/dtype.ts";
import { fromHalf } from "../tensor/half.ts";
import { rowElements, type Tensor } from "../tensor/tensor.ts";

export type Comparison = {
  /** One run for each row, in order: what is right. */
  readonly alone: readonly (readonly Tensor[])[];
  /** All those rows in one run, in the order of `order`, and perhaps more after them. */
  readonly together: readonly Tensor[];
  readonly order: readonly number[];
  readonly tolerance: number;
};

/** Half precision rounds to its eleventh bit; the last one may fall either way. */
const halfTolerance = 2 ** -9;

/** Names the first row that came out otherwise together than alone; undefined where none did. */
export function findDifference(comparison: Comparison): string | undefined {
  const { alone, together, order, tolerance } = comparison;
  for (const [at, output] of together.entries()) {
    const singles = alone.map((outputs) => outputs[at]).filter((single) => single !== undefined);
    const typical = median(singles.map((single) => largest(single)));
    for (const [position, row] of order.entries()) {
      const single = singles[row];
      if (single === undefined) continue;
      const rows = { single, output, position, typical, tolerance };
      const element = firstDifference(rows);
      if (element === undefined) continue;
      const place = `row ${position} of output ${quote(output.name)}`;
      const width = rowElements(output.shape);
      const [one, other] = [show(single, element), show(output, position * width + element)];
      return `${place} is ${one} when run alone and ${other} among ${output.shape[0]} rows`;
    }
  }
  return undefined;
}

type RowPair = {
  readonly single: Tensor;
  readonly output: Tensor;
  /** Of the row, in `output`. */
  readonly position: number;
  /** Size of this output's numbers in a usual row. */
  readonly typical: number;
  readonly tolerance: number;
};

/** The first element of a row that differs; where the widths do, that is element 0. */
function firstDifference(pair: RowPair): number | undefined {
  const { single, output, position } = pair;
  const width = rowElements(output.shape);
  if (single.data.length !== width) return 0;
  const isFloat = output.dtype.startsWith("FP");
  // Rounding errors are in proportion to a row's larger numbers, whatever the size of the one that
  // shows them; and an output that is almost nothing in one row may be off by as little of a usual
  // row's.
  const size = isFloat ? Math.max(largest(single), pair.typical) : 0;
  const allowed = isFloat ? allowedBy(pair.tolerance, output.dtype) * size : 0;
  for (let index = 0; index < width; index += 1) {
    const [one, other] = [single.data[index], output.data[position * width + index]];
    if (one === other) continue;
    if (!isFloat) return index;
    const [a, b] = [decimalOf(output.dtype, one), decimalOf(output.dtype, other)];
    const isSame = Object.is(a, b) || Math.abs(a - b) <= allowed;
    if (!isSame) return index;
  }
  return undefined;
}

function allowedBy(tolerance: number, dtype: Dtype): number {
  return dtype === "FP16" && tolerance > 0 ? Math.max(tolerance, halfTolerance) : tolerance;
}

function largest(tensor: Tensor): number {
  if (!tensor.dtype.startsWith("FP")) return 0;
  let most = 0;
  for (const element of tensor.data) {
    const size = Math.abs(decimalOf(tensor.dtype, element));
    if (size > most && size !== Number.POSITIVE_INFINITY) most = size;
  }
  return most;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function decimalOf(dtype: Dtype, element: number | bigint | string | undefined): number {
  const value = Number(element);
  return dtype === "FP16" ? fromHalf(value) : value;
}

function show(tensor: Tensor, index: number): string {
  const element = tensor.data[index];
  if (typeof element === "string") return quote(element);
  if (!tensor.dtype.startsWith("FP")) return String(element);
  return String(Number(decimalOf(tensor.dtype, element).toPrecision(6)));
}
