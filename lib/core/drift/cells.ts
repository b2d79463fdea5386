/** How many counts a histogram keeps, and how many sums. */
export type CellsSize = { readonly counts: number; readonly sums: number };

/** Beyond it a count needs more than four bytes. */
const countMax = 2 ** 32 - 1;

/**
 * The memory of histograms that live and go together: an array of its own for each would take more
 * than a fifth of what a histogram takes. Counts take four bytes until so much has been counted
 * that one of them might not fit, and eight from then on.
 */
export class Cells {
  readonly sums: Float64Array;
  #counts: Uint32Array | Float64Array;
  #room = countMax;
  #next: CellsSize = { counts: 0, sums: 0 };

  /** For histograms of these sizes, each of which takes its own. */
  constructor(sizes: readonly CellsSize[]) {
    const all = sizes.reduce(add, this.#next);
    this.#counts = new Uint32Array(all.counts);
    this.sums = new Float64Array(all.sums);
  }

  /** Another array once there is need for one: not to be kept. */
  get counts(): Uint32Array | Float64Array {
    return this.#counts;
  }

  /** Where the counts and the sums of the next histogram begin. */
  take(size: CellsSize): CellsSize {
    const first = this.#next;
    this.#next = add(first, size);
    return first;
  }

  /** Makes sure that so many values can be counted on top of those that were. */
  expect(values: number): void {
    this.#room -= values;
    if (this.#room >= 0) return;
    this.#counts = Float64Array.from(this.#counts);
    this.#room = Number.POSITIVE_INFINITY;
  }
}

function add(one: CellsSize, other: CellsSize): CellsSize {
  return { counts: one.counts + other.counts, sums: one.sums + other.sums };
}
