import { assert } from "../assert.ts";

/** A 64-bit hash of (prediction id, row) or of (the id the client gave, row), in two halves. */
export type RowKey = { readonly low: number; readonly high: number };

/** low, high, and the number + 1; zero there means that the place is empty. */
const words = 3;

/** Numbers by key: open addressing in one array, for at most half as many keys as it has places. */
export class KeyTable {
  readonly #places: Uint32Array;
  readonly #mask: number;

  /** `places` is a power of two. */
  constructor(places: number) {
    assert((places & (places - 1)) === 0, "places: a power of two");
    this.#places = new Uint32Array(places * words);
    this.#mask = places - 1;
  }

  /** -1 where there is none. Called for every row, with halves so that none makes an object. */
  get(low: number, high: number): number {
    return (this.#places[this.#find(low >>> 0, high >>> 0) * words + 2] as number) - 1;
  }

  set(low: number, high: number, value: number): void {
    const start = this.#find(low >>> 0, high >>> 0) * words;
    this.#places[start] = low;
    this.#places[start + 1] = high;
    this.#places[start + 2] = value + 1;
  }

  /**
   * Takes a key out that has this value, and moves up what would no longer be found behind the gap.
   */
  delete(low: number, high: number, value: number): void {
    let hole = this.#find(low >>> 0, high >>> 0);
    if (this.#places[hole * words + 2] !== value + 1) return;
    this.#places[hole * words + 2] = 0;
    let next = hole;
    for (;;) {
      next = (next + 1) & this.#mask;
      if (this.#places[next * words + 2] === 0) return;
      const home = this.#home(this.#low(next), this.#high(next));
      if (((next - home) & this.#mask) < ((next - hole) & this.#mask)) continue;
      this.#places.copyWithin(hole * words, next * words, (next + 1) * words);
      this.#places[next * words + 2] = 0;
      hole = next;
    }
  }

  /** Where the key is, or the empty place where it would go. */
  #find(low: number, high: number): number {
    let place = this.#home(low, high);
    while (
      this.#places[place * words + 2] !== 0 &&
      (this.#low(place) !== low || this.#high(place) !== high)
    ) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }

  #home(low: number, high: number): number {
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #low(place: number): number {
    return this.#places[place * words] as number;
  }

  #high(place: number): number {
    return this.#places[place * words + 1] as number;
  }
}
