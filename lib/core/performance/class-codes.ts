import { assert } from "../assert.ts";
import { hashText } from "../hash.ts";

/** Named classes are told apart up to so many; the cells of a confusion grow with their square. */
export const classesMax = 64;

/**
 * Numbers for class names: a named class has its place; any other text has a number beyond them
 * made from 32 bits of its hash, so that equal texts have equal numbers. Those beyond are one class
 * in every count, `__other__`.
 */
export class ClassCodes {
  readonly names: readonly string[];
  readonly #places: ReadonlyMap<string, number>;

  /** Of more than `classesMax` names the first are kept. */
  constructor(names: readonly string[]) {
    this.names = names.slice(0, classesMax);
    this.#places = new Map(this.names.map((name, place) => [name, place]));
    assert(this.#places.size === this.names.length, "class names differ");
  }

  codeOf(text: string): number {
    const place = this.#places.get(text);
    if (place !== undefined) return place;
    return this.names.length + Number.parseInt(hashText(text).slice(8), 16);
  }
}
