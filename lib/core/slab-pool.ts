/**
 * Memory for what is large and lives shortly, such as the batches that go to an inference thread
 * and come back from it. Asked of the system anew each time it would have to be zeroed, and the
 * collector would go through the whole heap after every few dozen, to see which are free. Slabs
 * come in powers of two; those at rest are bounded, and what would be too much is let go.
 */

/** Sending less memory back costs more than having it made. */
export const slabBytesMin: number = 16_384;

export class SlabPool {
  readonly #bytesMax: number;
  /** Of one size each, the one given back last is taken first: it is the warmest. */
  readonly #resting = new Map<number, ArrayBuffer[]>();
  #bytes = 0;

  /** `bytesMax`: of slabs at rest. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of slabs at rest. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A slab of at least so many bytes, which hold anything. */
  take(bytes: number): ArrayBuffer {
    const size = sizeFor(bytes);
    const slab = this.#resting.get(size)?.pop();
    if (slab === undefined) return new ArrayBuffer(size);
    this.#bytes -= size;
    return slab;
  }

  /** Gives back what `take` gave, or what came back in its place. */
  give(slab: ArrayBuffer): void {
    const size = slab.byteLength;
    if (size !== sizeFor(size) || size > this.#bytesMax) return;
    // Sizes in use now find their way back; others have had their time.
    if (this.#bytes + size > this.#bytesMax) this.#clear();
    this.#bytes += size;
    const resting = this.#resting.get(size);
    if (resting === undefined) this.#resting.set(size, [slab]);
    else resting.push(slab);
  }

  #clear(): void {
    this.#resting.clear();
    this.#bytes = 0;
  }
}

function sizeFor(bytes: number): number {
  return Math.max(slabBytesMin, 2 ** Math.ceil(Math.log2(bytes)));
}
