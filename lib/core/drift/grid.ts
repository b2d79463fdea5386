import { binOf, nextUp } from "./bins.ts";
import { type EdgeTree, edgeTree } from "./edge-tree.ts";

/**
 * Two sets of bins as one: the union of both sets' edges cuts the line into cells, every cell lies
 * in one bin of each set, and so one search finds both.
 */
export type Grid = {
  readonly edges: Float64Array;
  /** The edges again, to search many values for their cells. */
  readonly tree: EdgeTree;
  /** For each cell, its bin of the coarse set. */
  readonly coarse: Uint16Array;
  readonly coarseBins: number;
  /** For each cell, its bin of the fine set. */
  readonly fine: Uint16Array;
  readonly fineBins: number;
  /**
   * Cells before `first` lie below the baseline's least value, those from `end` on above its
   * greatest.
   */
  readonly range: { readonly first: number; readonly end: number };
};

/** Makes the grid of two ascending lists of edges, and of the range of the values they are of. */
export function makeGrid(
  coarse: readonly number[],
  fine: readonly number[],
  range?: { readonly min: number; readonly max: number },
): Grid {
  const ends = range === undefined ? [] : [range.min, nextUp(range.max)].filter(Number.isFinite);
  const edges = Float64Array.from(new Set([...coarse, ...fine, ...ends])).sort();
  return {
    edges,
    range: rangeOf(edges, range),
    tree: edgeTree(edges),
    coarse: binsOfCells(edges, Float64Array.from(coarse)),
    coarseBins: coarse.length + 1,
    fine: binsOfCells(edges, Float64Array.from(fine)),
    fineBins: fine.length + 1,
  };
}

/** Adds up what the cells hold into the `bins` that they lie in. */
export function foldCells(cells: Float64Array, bin: Uint16Array, bins: number): Float64Array {
  const folded = new Float64Array(bins);
  for (let cell = 0; cell < cells.length; cell += 1) {
    const place = bin[cell] as number;
    folded[place] = (folded[place] as number) + (cells[cell] as number);
  }
  return folded;
}

function rangeOf(edges: Float64Array, range: { min: number; max: number } | undefined) {
  if (range === undefined) return { first: 0, end: edges.length + 1 };
  return { first: binOf(edges, range.min), end: binOf(edges, range.max) + 1 };
}

/** A cell begins at the edge below it; the first one begins nowhere and lies in the first bin. */
function binsOfCells(cells: Float64Array, edges: Float64Array): Uint16Array {
  return Uint16Array.from([0, ...Array.from(cells, (start) => binOf(edges, start))]);
}
