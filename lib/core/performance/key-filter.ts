const bitsPerKey = 16;
const probes = 8;

/**
 * Whether a key may be among some, from 16 bits for each: less than one in a thousand of those that
 * are not may be all the same (Bloom 1970, with two hashes as in Kirsch and Mitzenmacher 2006).
 */
export class KeyFilter {
  readonly bits: Uint32Array;

  constructor(bits: Uint32Array) {
    this.bits = bits;
  }

  /** An empty one for so many keys. */
  static of(keys: number): KeyFilter {
    return new KeyFilter(new Uint32Array(Math.max(1, Math.ceil((keys * bitsPerKey) / 32))));
  }

  add(low: number, high: number): void {
    const { bits } = this;
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = this.#bit(low, high, probe);
      bits[bit >>> 5] = (bits[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  mayHave(low: number, high: number): boolean {
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = this.#bit(low, high, probe);
      if (((this.bits[bit >>> 5] as number) & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }

  #bit(low: number, high: number, probe: number): number {
    const mixed =
      (Math.imul(low, 0x85ebca6b) + Math.imul(probe, Math.imul(high, 0xc2b2ae35) | 1)) >>> 0;
    return mixed % (this.bits.length * 32);
  }
}
