/** Ascending finite values by their rank. */
export type Ranked = { readonly length: number; readonly at: (rank: number) => number };

/**
 * The edges that cut `sorted` finite values into `bins` parts of about equal size: the type-7
 * quantiles (Hyndman and Fan 1996) at i/bins, without repeats. A value hit by two or more quantiles
 * is an atom and brings two edges, itself and the next double above, so that it owns a bin.
 */
export function quantileEdges(sorted: Float64Array, bins: number): Float64Array {
  return rankedEdges({ length: sorted.length, at: (rank) => sorted[rank] as number }, bins);
}

/** The same of values that need not lie side by side. */
export function rankedEdges(values: Ranked, bins: number): Float64Array {
  if (values.length === 0) return new Float64Array(0);
  const edges = new Set<number>();
  for (let part = 1; part < bins; part += 1) {
    const quantile = quantileOf(values, part / bins);
    if (edges.has(quantile)) edges.add(nextUp(quantile));
    edges.add(quantile);
  }
  return Float64Array.from(edges).sort();
}

/**
 * The bin of a finite value: how many edges are at or below it. The first and last bins are open.
 */
export function binOf(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Interpolates from whichever neighbour is nearer. The result is equal to numpy's to the last bit,
 * which an edge has to be: a value at an edge would else change sides with the library that drew
 * it.
 */
function quantileOf(values: Ranked, share: number): number {
  const place = (values.length - 1) * share;
  const index = Math.floor(place);
  const low = values.at(index);
  const high = values.at(Math.min(index + 1, values.length - 1));
  const weight = place - index;
  const gap = high - low;
  return weight < 0.5 ? low + gap * weight : high - gap * (1 - weight);
}

const double = new Float64Array(1);
const bits = new BigInt64Array(double.buffer);

/** The smallest double above a finite one. */
export function nextUp(value: number): number {
  double[0] = value + 0;
  bits[0] = (bits[0] as bigint) + (value >= 0 ? 1n : -1n);
  return double[0];
}
