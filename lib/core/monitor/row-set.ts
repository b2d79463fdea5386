import { assert } from "../assert.ts";

export type RowSetState = { readonly size: number; readonly slots: Uint32Array };

/**
 * A set of rows, each known by a 64-bit hash of its prediction id and its index: open addressing in one
 * array of pairs, doubled when three quarters full, never beyond `slotsMax`.
 *
 * With a million rows two different ones meet with a probability of 5 in 100 million.
 */
export class RowSet {
  readonly #slotsMax: number;
  #slots: Uint32Array;
  #size: number;

  /** `slotsMax` is a power of two, at least 16. */
  constructor(slotsMax: number, state?: RowSetState) {
    assert(slotsMax >= 16 && (slotsMax & (slotsMax - 1)) === 0, "slots come in powers of two");
    this.#slotsMax = slotsMax;
    this.#slots = state?.slots.slice() ?? new Uint32Array(32);
    this.#size = state?.size ?? 0;
  }

  get size(): number {
    return this.#size;
  }

  has(low: number, high: number): boolean {
    const place = this.#find(low, high);
    return this.#slots[place] !== 0 || this.#slots[place + 1] !== 0;
  }

  /** False where the set is full, so that the row is not remembered. */
  add(low: number, high: number): boolean {
    if (!this.#makeRoom()) return false;
    const place = this.#find(low, high);
    if (this.#slots[place] === 0 && this.#slots[place + 1] === 0) this.#size += 1;
    this.#slots[place] = low | 1;
    this.#slots[place + 1] = high;
    return true;
  }

  state(): RowSetState {
    return { size: this.#size, slots: this.#slots.slice() };
  }

  /** Where the pair is, or the empty slot where it would go. Zeros mean empty, so `low` is kept odd. */
  #find(low: number, high: number): number {
    const odd = (low | 1) >>> 0;
    const upper = high >>> 0;
    const mask = this.#slots.length - 1;
    let place = (Math.imul(odd ^ upper, 0x9e3779b1) << 1) & mask & ~1;
    for (;;) {
      const first = this.#slots[place];
      const second = this.#slots[place + 1];
      if ((first === odd && second === upper) || (first === 0 && second === 0)) return place;
      place = (place + 2) & mask;
    }
  }

  #makeRoom(): boolean {
    const slots = this.#slots.length / 2;
    if (this.#size + 1 <= slots * 0.75) return true;
    if (slots >= this.#slotsMax) return false;
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let place = 0; place < old.length; place += 2) {
      const [low, high] = [old[place] as number, old[place + 1] as number];
      if (low === 0 && high === 0) continue;
      const target = this.#find(low, high);
      this.#slots[target] = low;
      this.#slots[target + 1] = high;
    }
    return true;
  }
}
