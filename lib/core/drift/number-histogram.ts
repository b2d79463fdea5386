import type { Bitmap } from "../bitmap.ts";
import { Cells, type CellsSize } from "./cells.ts";
import { binsInto } from "./edge-tree.ts";
import { foldCells, type Grid, type Span } from "./grid.ts";
import { addQuality, noQuality, type Quality, type QualityCounts } from "./quality.ts";

/** Values are taken in portions: these two arrays of one stay in the nearest cache. */
const portion = 512;
const finite = new Float64Array(portion);
const cellOf = new Uint16Array(portion);

/** What a histogram of numbers holds; its arrays belong to the holder. */
export type NumberHistogramState = {
  readonly type: "number";
  /** Of cells and, last, of values with a fraction where they are counted. */
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
  readonly #cells: Cells;
  /** Of the first of its cells among all. */
  readonly #first: CellsSize;
  readonly #quality: QualityCounts = { ...noQuality };

  /** In memory of its own or in that of `cells`, which must have room for `numberCells`. */
  constructor(grid: Grid, cells: Cells = new Cells([numberCells(grid)])) {
    this.#grid = grid;
    this.#cells = cells;
    this.#first = cells.take(numberCells(grid));
  }

  get quality(): Quality {
    return this.#quality;
  }

  /** How many values are in bins. */
  get binned(): number {
    return this.#counts().reduce((sum, count) => sum + count, 0);
  }

  /**
   * The mean of the values in bins; undefined where there is none, or where it is beyond a double.
   */
  get mean(): number | undefined {
    const mean = this.#sums().reduce((all, sum) => all + sum, 0) / this.binned;
    return Number.isFinite(mean) ? mean : undefined;
  }

  /** How many values are outside of the baseline's range. */
  get outside(): number {
    return this.#outsideOf(this.#grid.range);
  }

  /** How many values are beyond the limits that are declared, infinities among them. */
  get beyond(): number {
    const { limits, edges } = this.#grid;
    const { negInf, posInf } = this.#quality;
    const infinite = (limits.first > 0 ? negInf : 0) + (limits.end <= edges.length ? posInf : 0);
    return this.#outsideOf(limits) + infinite;
  }

  /** How many finite values have a fraction, where the grid says that none may. */
  get fractions(): number {
    const { isIntegral, edges } = this.#grid;
    const place = this.#first.counts + edges.length + 1;
    return isIntegral ? (this.#cells.counts[place] as number) : 0;
  }

  /** Counts by the bins of the coarse set. */
  coarse(): Float64Array {
    return foldCells(this.#counts(), this.#grid.coarse, this.#grid.coarseBins);
  }

  /** Counts and sums by the bins of the fine set. */
  fine(): { readonly counts: Float64Array; readonly sums: Float64Array } {
    const { fine, fineBins } = this.#grid;
    return {
      counts: foldCells(this.#counts(), fine, fineBins),
      sums: foldCells(this.#sums(), fine, fineBins),
    };
  }

  /**
   * Adds the values at `rows`; those whose bit is set in `nulls` are null, whatever the value says.
   */
  add(values: Float64Array, nulls: Bitmap, rows: Uint32Array): void {
    this.#cells.expect(rows.length);
    for (let from = 0; from < rows.length; from += portion) {
      const gathered = this.#gather(values, nulls, rows, from);
      binsInto(cellOf, { nodes: this.#grid.tree, values: finite, count: gathered });
      this.#tally(gathered);
      if (this.#grid.isIntegral) this.#countFractions(gathered);
    }
  }

  /** Counts `rows` rows without a value. */
  addNulls(rows: number): void {
    this.#quality.nulls += rows;
  }

  /** Counts `rows` values that are no numbers. */
  addTypeErrors(rows: number): void {
    this.#quality.typeErrors += rows;
  }

  /** Adds what another histogram of the same grid holds. */
  merge(other: NumberHistogramState): void {
    this.#cells.expect(other.counts.reduce((sum, count) => sum + count, 0));
    const { counts, sums } = this.#cells;
    const first = this.#first;
    for (let cell = 0; cell <= this.#grid.edges.length; cell += 1) {
      const [count, sum] = [first.counts + cell, first.sums + cell];
      counts[count] = (counts[count] as number) + (other.counts[cell] ?? 0);
      sums[sum] = (sums[sum] as number) + (other.sums[cell] ?? 0);
    }
    if (this.#grid.isIntegral) this.#addFractions(other.counts[this.#grid.edges.length + 1] ?? 0);
    addQuality(this.#quality, other.quality);
  }

  state(): NumberHistogramState {
    const { counts: first } = this.#first;
    const end = first + numberCells(this.#grid).counts;
    return {
      type: this.type,
      counts: Float64Array.from(this.#cells.counts.subarray(first, end)),
      sums: this.#sums(),
      quality: { ...this.#quality },
    };
  }

  #outsideOf({ first, end }: Span): number {
    let outside = 0;
    for (const [cell, count] of this.#counts().entries()) {
      if (cell < first || cell >= end) outside += count;
    }
    return outside;
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
    const { counts, sums } = this.#cells;
    const { counts: firstCount, sums: firstSum } = this.#first;
    for (let index = 0; index < values; index += 1) {
      const cell = cellOf[index] as number;
      counts[firstCount + cell] = (counts[firstCount + cell] as number) + 1;
      sums[firstSum + cell] = (sums[firstSum + cell] as number) + (finite[index] as number);
    }
  }

  #countFractions(values: number): void {
    let fractions = 0;
    for (let index = 0; index < values; index += 1) {
      const value = finite[index] as number;
      if (Math.trunc(value) !== value) fractions += 1;
    }
    this.#addFractions(fractions);
  }

  #addFractions(fractions: number): void {
    const { counts } = this.#cells;
    const place = this.#first.counts + this.#grid.edges.length + 1;
    counts[place] = (counts[place] as number) + fractions;
  }

  /** A copy of what each cell has counted. */
  #counts(): Float64Array {
    const { counts: first } = this.#first;
    const { counts } = this.#cells;
    return Float64Array.from(counts.subarray(first, first + this.#grid.edges.length + 1));
  }

  /** A copy of the sum of each cell. */
  #sums(): Float64Array {
    const { sums: first } = this.#first;
    return this.#cells.sums.slice(first, first + this.#grid.edges.length + 1);
  }

  #countOdd(value: number): void {
    if (Number.isNaN(value)) this.#quality.nans += 1;
    else if (value > 0) this.#quality.posInf += 1;
    else this.#quality.negInf += 1;
  }
}

/** What the histogram of a grid needs. */
export function numberCells({ edges, isIntegral }: Grid): CellsSize {
  const cells = edges.length + 1;
  return { counts: isIntegral ? cells + 1 : cells, sums: cells };
}
