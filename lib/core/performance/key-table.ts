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

  get(key: RowKey): number | undefined {
    const entry = this.#places[this.#find(key) * words + 2] as number;
    return entry === 0 ? undefined : entry - 1;
  }

  set({ low, high }: RowKey, value: number): void {
    const start = this.#find({ low, high }) * words;
    this.#places[start] = low;
    this.#places[start + 1] = high;
    this.#places[start + 2] = value + 1;
  }

  /** Takes a key out, and moves up what would no longer be found behind the gap. */
  delete(key: RowKey): void {
    let hole = this.#find(key);
    if (this.#places[hole * words + 2] === 0) return;
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
  #find(key: RowKey): number {
    const [low, high] = [key.low >>> 0, key.high >>> 0];
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
