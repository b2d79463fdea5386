import { type Dtype, elementBytes, type NumericData, viewPacked } from "#core/tensor/dtype.ts";

/** One piece of memory for many arrays of numbers: each costs a view, and not memory of its own. */
export class Slab {
  readonly #bytes: Uint8Array;
  #used = 0;

  /** Room for arrays of these byte lengths. */
  constructor(lengths: Iterable<number>) {
    let size = 0;
    for (const length of lengths) size += aligned(length);
    this.#bytes = new Uint8Array(size);
  }

  /** A copy of little-endian packed `bytes`, which are whole elements. */
  copy(dtype: Exclude<Dtype, "BYTES">, bytes: Uint8Array): NumericData {
    const byteOffset = this.#used;
    this.#bytes.set(bytes, byteOffset);
    this.#used += aligned(bytes.length);
    const length = bytes.length / elementBytes(dtype);
    return viewPacked(dtype, { buffer: this.#bytes.buffer, byteOffset, length });
  }
}

/** The next multiple of the largest element's size. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}
