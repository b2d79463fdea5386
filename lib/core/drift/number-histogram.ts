import type { Bitmap } from "../bitmap.ts";
import { binsInto } from "./edge-tree.ts";
import { foldCells, type Grid } from "./grid.ts";
import { addQuality, noQuality, type Quality, type QualityCounts } from "./quality.ts";

/** Values are taken in portions: these two arrays of one stay in the nearest cache. */
const portion = 512;
const finite = new Float64Array(portion);
const cells = new Uint16Array(portion);

/** Where they are in the two numbers of a cell. */
const count = 0;
const sum = 1;

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
  /** Count and sum of each cell, side by side: one array is smaller than two, and nearer. */
  readonly #tallies: Float64Array;
  readonly #quality: QualityCounts = { ...noQuality };

  constructor(grid: Grid) {
    this.#grid = grid;
    this.#tallies = new Float64Array(2 * (grid.edges.length + 1));
  }

  get quality(): Quality {
    return this.#quality;
  }

  /** How many values are in bins. */
  get binned(): number {
    return this.#every(count).reduce((sum, each) => sum + each, 0);
  }

  /**
   * The mean of the values in bins; undefined where there is none, or where it is beyond a double.
   */
  get mean(): number | undefined {
    const mean = this.#every(sum).reduce((all, each) => all + each, 0) / this.binned;
    return Number.isFinite(mean) ? mean : undefined;
  }

  /** How many values are outside of the baseline's range. */
  get outside(): number {
    const { first, end } = this.#grid.range;
    const tallies = this.#tallies;
    let outside = 0;
    for (let place = 0; place < 2 * first; place += 2) outside += tallies[place] as number;
    for (let place = 2 * end; place < tallies.length; place += 2) {
      outside += tallies[place] as number;
    }
    return outside;
  }

  /** Counts by the bins of the coarse set. */
  coarse(): Float64Array {
    return foldCells(this.#every(count), this.#grid.coarse, this.#grid.coarseBins);
  }

  /** Counts and sums by the bins of the fine set. */
  fine(): { readonly counts: Float64Array; readonly sums: Float64Array } {
    const { fine, fineBins } = this.#grid;
    return {
      counts: foldCells(this.#every(count), fine, fineBins),
      sums: foldCells(this.#every(sum), fine, fineBins),
    };
  }

  /**
   * Adds the values at `rows`; those whose bit is set in `nulls` are null, whatever the value says.
   */
  add(values: Float64Array, nulls: Bitmap, rows: Uint32Array): void {
    for (let from = 0; from < rows.length; from += portion) {
      const gathered = this.#gather(values, nulls, rows, from);
      binsInto(cells, { nodes: this.#grid.tree, values: finite, count: gathered });
      this.#tally(gathered);
    }
  }

  /** Counts `rows` values that are no numbers. */
  addTypeErrors(rows: number): void {
    this.#quality.typeErrors += rows;
  }

  /** Adds what another histogram of the same grid holds. */
  merge(other: NumberHistogramState): void {
    const tallies = this.#tallies;
    for (let cell = 0; 2 * cell < tallies.length; cell += 1) {
      const place = 2 * cell;
      tallies[place] = (tallies[place] as number) + (other.counts[cell] ?? 0);
      tallies[place + 1] = (tallies[place + 1] as number) + (other.sums[cell] ?? 0);
    }
    addQuality(this.#quality, other.quality);
  }

  state(): NumberHistogramState {
    const { type } = this;
    return {
      type,
      counts: this.#every(count),
      sums: this.#every(sum),
      quality: { ...this.#quality },
    };
  }

  /** Collects the finite values of a portion of the rows, counts the others, and says how many. */
  #gather(values: Float64Array, nulls: Bitmap, rows: Uint32Array, from: number): number {
    const end = Math.min(rows.length, from + portion);
    const hasNulls = nulls.length > 0;
    let gathered = 0;
    for (let index = from; index < end; index += 1) {
      const row = rows[index] as number;
      const value = values[row] as number;
      if (hasNulls && (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) this.#quality.nulls += 1;
      else if (value - value === 0) {
        finite[gathered] = value;
        gathered += 1;
      } else this.#countOdd(value);
    }
    return gathered;
  }

  #tally(values: number): void {
    const tallies = this.#tallies;
    for (let index = 0; index < values; index += 1) {
      const place = 2 * (cells[index] as number);
      tallies[place] = (tallies[place] as number) + 1;
      tallies[place + 1] = (tallies[place + 1] as number) + (finite[index] as number);
    }
  }

  /** The counts of all cells, or their sums. */
  #every(which: typeof count | typeof sum): Float64Array {
    const tallies = this.#tallies;
    const all = new Float64Array(tallies.length / 2);
    for (let cell = 0; cell < all.length; cell += 1)
      all[cell] = tallies[2 * cell + which] as number;
    return all;
  }

  #countOdd(value: number): void {
    if (Number.isNaN(value)) this.#quality.nans += 1;
    else if (value > 0) this.#quality.posInf += 1;
    else this.#quality.negInf += 1;
  }
}
