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
  readonly range: Span;
  /** The same of the limits that are declared. */
  readonly limits: Span;
  /** Values with a fraction are counted, too. */
  readonly isIntegral: boolean;
};

/** Cells from one up to another, the latter not included. */
export type Span = { readonly first: number; readonly end: number };

/** Numbers from one to another, both included; without end where there is none. */
export type Range = { readonly min?: number | undefined; readonly max?: number | undefined };

type Declared = {
  readonly range?: Range;
  readonly limits?: Range;
  readonly isIntegral?: boolean;
};

/**
 * Makes the grid of two ascending lists of edges, of the range of the values they are of, and of
 * the limits that values are declared to keep.
 */
export function makeGrid(
  coarse: readonly number[],
  fine: readonly number[],
  { range = {}, limits = {}, isIntegral = false }: Declared = {},
): Grid {
  const ends = [...endsOf(range), ...endsOf(limits)];
  const edges = Float64Array.from(new Set([...coarse, ...fine, ...ends])).sort();
  return {
    edges,
    range: spanOf(edges, range),
    limits: spanOf(edges, limits),
    isIntegral,
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

function endsOf({ min, max }: Range): number[] {
  const ends = [min, max === undefined ? undefined : nextUp(max)];
  return ends.filter((end) => end !== undefined && Number.isFinite(end)) as number[];
}

/** Where the end is before the beginning, no cell is within. */
function spanOf(edges: Float64Array, { min, max }: Range): Span {
  const first = min === undefined ? 0 : binOf(edges, min);
  const end = max === undefined ? edges.length + 1 : binOf(edges, max) + 1;
  return { first, end: Math.max(first, end) };
}

/** A cell begins at the edge below it; the first one begins nowhere and lies in the first bin. */
function binsOfCells(cells: Float64Array, edges: Float64Array): Uint16Array {
  return Uint16Array.from([0, ...Array.from(cells, (start) => binOf(edges, start))]);
}
