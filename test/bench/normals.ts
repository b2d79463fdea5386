import type { Draw } from "#core/random.ts";

/** Standard normal draws, two by two (Marsaglia's polar method). */
export class Normals {
  readonly #draw: Draw;
  #spare: number | undefined;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  next(): number {
    const spare = this.#spare;
    if (spare !== undefined) {
      this.#spare = undefined;
      return spare;
    }
    for (;;) {
      const x = this.#draw() * 2 - 1;
      const y = this.#draw() * 2 - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      this.#spare = y * scale;
      return x * scale;
    }
  }
}
