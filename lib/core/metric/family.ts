import { assert } from "../assert.ts";

/** What names a metric. */
export type FamilyOptions = {
  /** As it is served: it ends in its unit, a counter's in `_total`. */
  readonly name: string;
  readonly help: string;
  /** Names of its labels; default none. */
  readonly labels?: readonly string[];
};

export type FamilyKind = "counter" | "gauge" | "histogram";

/** A series and the values of its labels; undefined for the one of all beyond the limit. */
export type LabelledSeries<Series> = {
  readonly labels: readonly string[] | undefined;
  readonly series: Series;
};

const separator = "\u0000";

/**
 * The series of one metric, told apart by the values of its labels. Beyond `seriesMax` of them all
 * further ones are a single series. A metric without labels has its series from the start, so that
 * a count of zero is told as well.
 */
export class Family<Series> {
  readonly kind: FamilyKind;
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly #seriesMax: number;
  readonly #make: () => Series;
  readonly #series = new Map<string, LabelledSeries<Series>>();
  #overflow: LabelledSeries<Series> | undefined;

  constructor(
    options: FamilyOptions & { readonly kind: FamilyKind; readonly seriesMax: number },
    make: () => Series,
  ) {
    this.kind = options.kind;
    this.name = options.name;
    this.help = options.help;
    this.labelNames = options.labels ?? [];
    this.#seriesMax = options.seriesMax;
    this.#make = make;
    if (this.labelNames.length === 0) this.series();
  }

  /**
   * The series with these values of the labels, in the order of their names. Finding it costs far
   * more than counting: whoever counts often keeps it.
   */
  series(...labels: readonly string[]): Series {
    assert(labels.length === this.labelNames.length, `${this.name}: one value for each label`);
    const key = labels.join(separator);
    const known = this.#series.get(key);
    if (known !== undefined) return known.series;
    if (this.#series.size >= this.#seriesMax) {
      this.#overflow ??= { labels: undefined, series: this.#make() };
      return this.#overflow.series;
    }
    const made = { labels, series: this.#make() };
    this.#series.set(key, made);
    return made.series;
  }

  /** In the order in which they were first asked for. */
  *all(): Iterable<LabelledSeries<Series>> {
    yield* this.#series.values();
    if (this.#overflow !== undefined) yield this.#overflow;
  }

  /** Forgets all series; those that are kept elsewhere count for nobody from now on. */
  clear(): void {
    this.#series.clear();
    this.#overflow = undefined;
  }
}
