import type { Draw } from "#core/random.ts";

const shrinking = 0.64;

/**
 * A quantile sketch built as deequ builds those of SageMaker's baselines, for tests of what reads
 * them: levels of values, each value of level i standing for 2^i. A level that is full is sorted,
 * and every other value of it goes up.
 */
export class KllSketch {
  readonly levels: number[][] = [[]];
  readonly #compactions: number[] = [0];
  readonly #offsets: number[] = [0];
  readonly #k: number;
  readonly #draw: Draw;

  constructor(k: number, draw: Draw) {
    this.#k = k;
    this.#draw = draw;
  }

  get parameters(): { readonly c: number; readonly k: number } {
    return { c: shrinking, k: this.#k };
  }

  add(value: number): void {
    this.levels[0]?.push(value);
    const room = this.levels.reduce((sum, _, level) => sum + this.#capacity(level), 0);
    if (this.#held() > room) this.#condense();
  }

  /** Takes over what another one holds, as when partitions of a data set come together. */
  merge(other: KllSketch): void {
    for (const [level, values] of other.levels.entries()) {
      while (this.levels.length <= level) this.#expand();
      this.levels[level]?.push(...values);
    }
    for (;;) {
      const room = this.levels.reduce((sum, _, level) => sum + this.#capacity(level), 0);
      if (this.#held() < room) return;
      this.#condense();
    }
  }

  #held(): number {
    return this.levels.reduce((sum, values) => sum + values.length, 0);
  }

  #capacity(level: number): number {
    return 2 * (Math.ceil((this.#k * shrinking ** level) / 2) + 1);
  }

  #condense(): void {
    const level = this.levels.findIndex((values, index) => values.length >= this.#capacity(index));
    if (level < 0) return;
    if (level + 1 === this.levels.length) this.#expand();
    const values = this.levels[level] as number[];
    const even = values.length - (values.length % 2);
    const rest = values.splice(even);
    const sorted = values.splice(0).sort((one, other) => one - other);
    const isSecond = (this.#compactions[level] ?? 0) % 2 === 1;
    const last = this.#offsets[level] ?? 0;
    const offset = isSecond ? 1 - last : Math.floor(this.#draw() * 2);
    this.#compactions[level] = (this.#compactions[level] ?? 0) + 1;
    this.#offsets[level] = offset;
    values.push(...rest);
    this.levels[level + 1]?.push(...sorted.filter((_, index) => index % 2 === offset));
  }

  #expand(): void {
    this.levels.push([]);
    this.#compactions.push(0);
    this.#offsets.push(0);
  }
}
