import { addExactly, exactSum, roundPartials } from "../drift/exact-sum.ts";

/**
 * A sum as numbers that add up to it without loss. Mostly two to five; their bits do not overlap,
 * so that the range of doubles bounds them.
 */
export type ExactState = readonly number[];

/**
 * A running sum without rounding. Its value does not depend on the order in which values came, sums
 * were merged, or values were taken back: adding -x undoes adding x to the last bit. For finite
 * values of at most 1e200.
 */
export class ExactAccumulator {
  readonly #partials: number[];

  constructor(state: ExactState = []) {
    this.#partials = [...state];
  }

  /** Rounded once. */
  get value(): number {
    return roundPartials(this.#partials);
  }

  add(value: number): void {
    addExactly(this.#partials, value);
  }

  /** Adds one × two as it is before rounding. */
  addProduct(one: number, two: number): void {
    const [high, low] = exactProduct(one, two);
    this.add(high);
    this.add(low);
  }

  merge(state: ExactState): void {
    for (const partial of state) this.add(partial);
  }

  state(): ExactState {
    return [...this.#partials];
  }
}

/**
 * Σ(v − mean)² of `rows` values, from Σv and Σv². The difference is taken before anything is
 * rounded, so that nothing cancels where the mean is far from zero.
 */
export function squaredDeviations(rows: number, sum: ExactState, squares: ExactState): number {
  if (rows === 0) return 0;
  const terms = squares.flatMap((partial) => exactProduct(rows, partial));
  for (const one of sum) for (const two of sum) terms.push(...exactProduct(-one, two));
  return exactSum(terms) / rows;
}

/** Dekker 1971: the rounded product and what rounding took from it. */
function exactProduct(one: number, two: number): [number, number] {
  const high = one * two;
  const [oneHigh, oneLow] = halves(one);
  const [twoHigh, twoLow] = halves(two);
  const rest = oneHigh * twoHigh - high + oneHigh * twoLow + oneLow * twoHigh;
  return [high, rest + oneLow * twoLow];
}

/** Two numbers of 26 bits each (Veltkamp 1968). */
function halves(value: number): [number, number] {
  const spread = 134_217_729 * value;
  const high = spread - (spread - value);
  return [high, value - high];
}
