import type { Bitmap } from "../bitmap.ts";
import { binsInto } from "./edge-tree.ts";
import { foldCells, type Grid } from "./grid.ts";
import { addQuality, noQuality, type Quality, type QualityCounts } from "./quality.ts";

/** Values are taken in portions: these two arrays of one stay in the nearest cache. */
const portion = 512;
const finite = new Float64Array(portion);
const cells = new Uint16Array(portion);

/** What a histogram of numbers holds; its arrays belong to the holder. */
export type NumberHistogramState = {
  readonly type: "number";
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly quality: Quality;
};

/**
 * Counts and sums of live numbers in the cells of a baseline's grid. Its size depends on the grid
 * alone, and two of the same grid can be merged.
 */
export class NumberHistogram {
  readonly type = "number";
  readonly #grid: Grid;
  readonly #counts: Float64Array;
  readonly #sums: Float64Array;
  readonly #quality: QualityCounts = { ...noQuality };

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#counts = new Float64Array(grid.edges.length + 1);
    this.#sums = new Float64Array(grid.edges.length + 1);
  }

  get quality(): Quality {
    return this.#quality;
  }

  /** How many values are in bins. */
  get binned(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * The mean of the values in bins; undefined where there is none, or where it is beyond a double.
   */
  get mean(): number | undefined {
    const mean = this.#sums.reduce((sum, part) => sum + part, 0) / this.binned;
    return Number.isFinite(mean) ? mean : undefined;
  }

  /** Counts by the bins of the coarse set. */
  coarse(): Float64Array {
    return foldCells(this.#counts, this.#grid.coarse, this.#grid.coarseBins);
  }

  /** Counts and sums by the bins of the fine set. */
  fine(): { readonly counts: Float64Array; readonly sums: Float64Array } {
    const { fine, fineBins } = this.#grid;
    return {
      counts: foldCells(this.#counts, fine, fineBins),
      sums: foldCells(this.#sums, fine, fineBins),
    };
  }

  /**
   * Adds the values at `rows`; those whose bit is set in `nulls` are null, whatever the value says.
   */
  add(values: Float64Array, nulls: Bitmap, rows: Uint32Array): void {
    for (let from = 0; from < rows.length; from += portion) {
      const count = this.#gather(values, nulls, rows, from);
      binsInto(cells, { nodes: this.#grid.tree, values: finite, count });
      this.#tally(count);
    }
  }

  /** Counts `rows` values that are no numbers. */
  addTypeErrors(rows: number): void {
    this.#quality.typeErrors += rows;
  }

  /** Adds what another histogram of the same grid holds. */
  merge(other: NumberHistogramState): void {
    for (let cell = 0; cell < this.#counts.length; cell += 1) {
      this.#counts[cell] = (this.#counts[cell] as number) + (other.counts[cell] ?? 0);
      this.#sums[cell] = (this.#sums[cell] as number) + (other.sums[cell] ?? 0);
    }
    addQuality(this.#quality, other.quality);
  }

  state(): NumberHistogramState {
    const { type } = this;
    return {
      type,
      counts: this.#counts.slice(),
      sums: this.#sums.slice(),
      quality: { ...this.#quality },
    };
  }

  /** Collects the finite values of a portion of the rows, counts the others, and says how many. */
  #gather(values: Float64Array, nulls: Bitmap, rows: Uint32Array, from: number): number {
    const end = Math.min(rows.length, from + portion);
    const hasNulls = nulls.length > 0;
    let count = 0;
    for (let index = from; index < end; index += 1) {
      const row = rows[index] as number;
      const value = values[row] as number;
      if (hasNulls && (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) this.#quality.nulls += 1;
      else if (value - value === 0) {
        finite[count] = value;
        count += 1;
      } else this.#countOdd(value);
    }
    return count;
  }

  #tally(count: number): void {
    const counts = this.#counts;
    const sums = this.#sums;
    for (let index = 0; index < count; index += 1) {
      const cell = cells[index] as number;
      counts[cell] = (counts[cell] as number) + 1;
      sums[cell] = (sums[cell] as number) + (finite[index] as number);
    }
  }

  #countOdd(value: number): void {
    if (Number.isNaN(value)) this.#quality.nans += 1;
    else if (value > 0) this.#quality.posInf += 1;
    else this.#quality.negInf += 1;
  }
}
