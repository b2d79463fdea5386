import { fromHalf } from "../tensor/half.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** One number for each row of a tensor too wide to be shown column by column. */
export type Summary = {
  readonly mean: Float64Array;
  /** Of the row's values as a whole population: divided by their number. */
  readonly sd: Float64Array;
  /** Euclidean length of the row. */
  readonly norm: Float64Array;
};

/**
 * Summarises some rows of a tensor of numbers, in the order they are named. A row without values
 * has NaN for mean and deviation.
 */
export function summarise(tensor: Tensor, rows: readonly number[], width: number): Summary {
  const count = rows.length;
  const summary = {
    mean: new Float64Array(count),
    sd: new Float64Array(count),
    norm: new Float64Array(count),
  };
  const { data } = tensor;
  for (let index = 0; index < count; index += 1) {
    const from = (rows[index] as number) * width;
    const end = from + width;
    const values =
      data instanceof Float32Array || data instanceof Float64Array
        ? data.subarray(from, end)
        : doublesOf(tensor, from, end);
    put(summary, index, values);
  }
  return summary;
}

type Floats = Float32Array | Float64Array;

function doublesOf({ dtype, data }: Tensor, from: number, end: number): Float64Array {
  const doubles = new Float64Array(end - from);
  for (let index = from; index < end; index += 1) {
    const value = data[index];
    doubles[index - from] = dtype === "FP16" ? fromHalf(value as number) : Number(value);
  }
  return doubles;
}

/**
 * One pass over deviations from the row's first value, which are small where the values differ
 * little. Two sums of each kind side by side: with one, every addition would wait for the last.
 */
function put(summary: Summary, row: number, values: Floats): void {
  const { length } = values;
  const centre = length > 0 ? finite(values[0] as number) : 0;
  let [sum, otherSum, spread, otherSpread, squares, otherSquares] = [0, 0, 0, 0, 0, 0];
  for (let at = 0; at + 1 < length; at += 2) {
    const value = values[at] as number;
    const other = values[at + 1] as number;
    const deviation = value - centre;
    const otherDeviation = other - centre;
    sum += deviation;
    otherSum += otherDeviation;
    spread += deviation * deviation;
    otherSpread += otherDeviation * otherDeviation;
    squares += value * value;
    otherSquares += other * other;
  }
  if (length % 2 === 1) {
    const last = values[length - 1] as number;
    sum += last - centre;
    spread += (last - centre) * (last - centre);
    squares += last * last;
  }
  const shift = (sum + otherSum) / length;
  const around = (spread + otherSpread) / length;
  const variance = around - shift * shift;
  const mean = centre + shift;
  // The difference of two nearly equal sums has lost its digits.
  const isExact = !(variance < around * variancePart);
  summary.mean[row] = mean;
  summary.sd[row] = Math.sqrt(isExact ? variance : varianceOf(values, mean));
  summary.norm[row] = Math.sqrt(squares + otherSquares);
}

/** Below it, a variance is computed once more around the mean. */
const variancePart = 1e-3;

function varianceOf(values: Floats, mean: number): number {
  let spread = 0;
  for (let at = 0; at < values.length; at += 1) {
    const deviation = (values[at] as number) - mean;
    spread += deviation * deviation;
  }
  return spread / values.length;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
