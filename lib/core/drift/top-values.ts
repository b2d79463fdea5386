export type ValueCount = { readonly value: string; readonly rows: number };

/** Of each, as many are kept again as are told, so that the counts of these are right mostly. */
const keptMax = 16;
export const toldMax = 8;
const lengthMax = 64;

/**
 * The most frequent of any number of texts, by Space-Saving (Metwally and others 2005): where there
 * is no room for a new one, it takes the place of the rarest and its count. No count is too low,
 * and none is too high by more than a sixteenth of all. Texts are cut to 64 UTF-16 units.
 */
export class TopValues {
  readonly #counts = new Map<string, number>();

  add(text: string, rows: number): void {
    const value =
      text.length > lengthMax ? `${text.slice(0, lengthMax - 1).toWellFormed()}…` : text;
    const known = this.#counts.get(value);
    if (known !== undefined || this.#counts.size < keptMax) {
      this.#counts.set(value, (known ?? 0) + rows);
      return;
    }
    let rarest: ValueCount | undefined;
    for (const [each, count] of this.#counts) {
      if (rarest === undefined || count < rarest.rows) rarest = { value: each, rows: count };
    }
    if (rarest === undefined) return;
    this.#counts.delete(rarest.value);
    this.#counts.set(value, rarest.rows + rows);
  }

  /** The most frequent first. */
  top(): ValueCount[] {
    return this.state()
      .sort((one, other) => other.rows - one.rows)
      .slice(0, toldMax);
  }

  /** What `add` leads to again, in this order. */
  state(): ValueCount[] {
    return [...this.#counts].map(([value, rows]) => ({ value, rows }));
  }
}
