import { assert } from "../assert.ts";

export type RowSetState = { readonly size: number; readonly slots: Uint32Array };

const slotsMin = 32;

/**
 * A set of rows, each known by a 64-bit hash of its prediction id and its index: open addressing in
 * one array of pairs, doubled when half full, never beyond `slotsMax`.
 *
 * Zeros mean an empty slot, so the lowest bit of a hash is taken for set: with a million rows two
 * different ones meet with a probability of 5 in 100 million.
 */
export class RowSet {
  readonly #slotsMax: number;
  #slots: Uint32Array;
  #size: number;

  /** `slotsMax` is a power of two, at least 32. */
  constructor(slotsMax: number, state?: RowSetState) {
    assert(slotsMax >= slotsMin && (slotsMax & (slotsMax - 1)) === 0, "slots: a power of two");
    this.#slotsMax = slotsMax;
    this.#slots = state?.slots.slice() ?? new Uint32Array(slotsMin * 2);
    this.#size = state?.size ?? 0;
  }

  get size(): number {
    return this.#size;
  }

  has(low: number, high: number): boolean {
    return this.#size > 0 && this.#slots[find(this.#slots, low, high)] !== 0;
  }

  /** A row that is new is remembered, unless the set is full. */
  add(low: number, high: number): "new" | "known" | "full" {
    const place = find(this.#slots, low, high);
    if (this.#slots[place] !== 0) return "known";
    const slots = this.#slots.length / 2;
    if (this.#size >= slots / 2) {
      if (slots >= this.#slotsMax) return "full";
      this.#slots = doubled(this.#slots);
      return this.add(low, high);
    }
    this.#slots[place] = low | 1;
    this.#slots[place + 1] = high;
    this.#size += 1;
    return "new";
  }

  state(): RowSetState {
    return { size: this.#size, slots: this.#slots.slice() };
  }
}

/** Where the pair is, or the empty slot where it would go. */
function find(slots: Uint32Array, low: number, high: number): number {
  const odd = (low | 1) >>> 0;
  const upper = high >>> 0;
  const mask = slots.length - 1;
  const mixed = Math.imul(odd ^ upper, 0x9e3779b1);
  let place = ((mixed ^ (mixed >>> 15)) << 1) & mask;
  for (;;) {
    const first = slots[place];
    if (first === 0 || (first === odd && slots[place + 1] === upper)) return place;
    place = (place + 2) & mask;
  }
}

function doubled(old: Uint32Array): Uint32Array {
  const slots = new Uint32Array(old.length * 2);
  for (let place = 0; place < old.length; place += 2) {
    const low = old[place] as number;
    if (low === 0) continue;
    const high = old[place + 1] as number;
    const target = find(slots, low, high);
    slots[target] = low;
    slots[target + 1] = high;
  }
  return slots;
}
