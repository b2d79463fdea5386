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
 * Summarises every row of a tensor of numbers. A row without values has NaN for mean and deviation.
 */
export function summarise(tensor: Tensor, rows: number, width: number): Summary {
  const mean = new Float64Array(rows);
  const sd = new Float64Array(rows);
  const norm = new Float64Array(rows);
  const valueAt = reader(tensor);
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    let squares = 0;
    for (let index = row * width; index < (row + 1) * width; index += 1) {
      const value = valueAt(index);
      sum += value;
      squares += value * value;
    }
    const centre = sum / width;
    // Squares of the deviations in a second pass: the difference of two large sums would lose them.
    let deviations = 0;
    for (let index = row * width; index < (row + 1) * width; index += 1) {
      deviations += (valueAt(index) - centre) ** 2;
    }
    mean[row] = centre;
    sd[row] = Math.sqrt(deviations / width);
    norm[row] = Math.sqrt(squares);
  }
  return { mean, sd, norm };
}

function reader({ dtype, data }: Tensor): (index: number) => number {
  return dtype === "FP16"
    ? (index) => fromHalf(data[index] as number)
    : (index) => Number(data[index]);
}
