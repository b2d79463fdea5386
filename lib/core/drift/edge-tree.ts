// Edges as a search tree that takes no branch which depends on a value: half of those of a binary
// search are foreseen wrongly, and that costs more than all its comparisons.
//
// 1. The edges are filled up with infinity to one less than a power of two, which no finite value
//    reaches, and laid out as a complete tree: node n has the children 2n and 2n + 1.
// 2. A search goes right where the edge is at or below the value. After the last level its place,
//    less the number of leaves, is the number of edges at or below the value.
// 3. Four values go down side by side, so that the processor need not wait for each in turn.

/** Ascending edges, laid out for `binsInto`. Node 1 is the root; 0 is not used. */
export type EdgeTree = Float64Array;

const lanes = 4;

export function edgeTree(edges: Float64Array): EdgeTree {
  let size = 1;
  while (size <= edges.length) size *= 2;
  const nodes = new Float64Array(size);
  let step = size;
  for (let first = 1; first < size; first *= 2) {
    // The nodes of a level cut the edges at equal distances.
    for (let node = first; node < first * 2; node += 1) {
      const place = (node - first) * step + step / 2 - 1;
      nodes[node] = edges[place] ?? Number.POSITIVE_INFINITY;
    }
    step /= 2;
  }
  return nodes;
}

/**
 * Writes the bins of the first `count` values, all of them finite, as `binOf` has them. Both arrays
 * have a length that is a multiple of four; what lies beyond `count` is of no meaning.
 */
export function binsInto(
  bins: Uint16Array,
  {
    nodes,
    values,
    count,
  }: {
    readonly nodes: EdgeTree;
    readonly values: Float64Array;
    readonly count: number;
  },
): void {
  const size = nodes.length;
  for (let at = 0; at < count; at += lanes) {
    const one = values[at] as number;
    const two = values[at + 1] as number;
    const three = values[at + 2] as number;
    const four = values[at + 3] as number;
    let [a, b, c, d] = [1, 1, 1, 1];
    while (a < size) {
      a = a * 2 + Number((nodes[a] as number) <= one);
      b = b * 2 + Number((nodes[b] as number) <= two);
      c = c * 2 + Number((nodes[c] as number) <= three);
      d = d * 2 + Number((nodes[d] as number) <= four);
    }
    bins[at] = a - size;
    bins[at + 1] = b - size;
    bins[at + 2] = c - size;
    bins[at + 3] = d - size;
  }
}
