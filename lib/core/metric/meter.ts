/**
 * Metrics as plain numbers. Whoever counts asks a family for a series once and keeps it; counting
 * is then an addition, and recording in a histogram a search among its bounds, without allocating.
 * What is looked up rather than counted is looked up when somebody asks for all families.
 */
import { Family, type FamilyOptions } from "./family.ts";
import { CounterSeries, HistogramSeries, ObservedSeries } from "./series.ts";

export type Counter = Family<CounterSeries>;
export type Histogram = Family<HistogramSeries>;
/** Of a gauge, or of a counter that is kept elsewhere. */
export type Observed = Family<ObservedSeries>;
export type AnyFamily = Counter | Histogram | Observed;

export class Meter {
  readonly #seriesMax: number;
  readonly #families: AnyFamily[] = [];
  readonly #looks: (() => void)[] = [];

  /** `seriesMax`: of each family. */
  constructor(options: { readonly seriesMax: number }) {
    this.#seriesMax = options.seriesMax;
  }

  counter(options: FamilyOptions): Counter {
    return this.#add(
      new Family({ ...options, ...this.#bounded("counter") }, () => new CounterSeries()),
    );
  }

  /** `bounds`: ascending, without the infinite one. */
  histogram(options: FamilyOptions & { readonly bounds: readonly number[] }): Histogram {
    const bounds = Float64Array.from(options.bounds);
    const family = { ...options, ...this.#bounded("histogram") };
    return this.#add(new Family(family, () => new HistogramSeries(bounds)));
  }

  /** Its series are what `look`, or else `observe`, sets. */
  gauge(options: FamilyOptions, look?: (gauge: Observed) => void): Observed {
    return this.#observed("gauge", options, look);
  }

  /** A counter that somebody else counts, told as a gauge is. */
  observedCounter(options: FamilyOptions, look?: (counter: Observed) => void): Observed {
    return this.#observed("counter", options, look);
  }

  /** Empties these families and has `look` set their series whenever somebody asks for all. */
  observe(families: readonly Observed[], look: () => void): void {
    this.#looks.push(() => {
      for (const family of families) family.clear();
      look();
    });
  }

  /** All families, with what is looked up as it is now. */
  collect(): readonly AnyFamily[] {
    for (const look of this.#looks) look();
    return this.#families;
  }

  #observed(
    kind: "counter" | "gauge",
    options: FamilyOptions,
    look: ((family: Observed) => void) | undefined,
  ): Observed {
    const family = { ...options, ...this.#bounded(kind) };
    const observed = this.#add(new Family(family, () => new ObservedSeries()));
    if (look !== undefined) this.observe([observed], () => look(observed));
    return observed;
  }

  #bounded<Kind extends "counter" | "gauge" | "histogram">(kind: Kind) {
    return { kind, seriesMax: this.#seriesMax };
  }

  #add<Series, F extends Family<Series> & AnyFamily>(family: F): F {
    this.#families.push(family);
    return family;
  }
}
