import type { Bitmap } from "../bitmap.ts";
import { hash32 } from "../hash.ts";
import { type CategoryCount, categoryOther } from "./baseline.ts";
import { Cells, type CellsSize } from "./cells.ts";
import { DistinctSketch } from "./distinct-sketch.ts";
import { foldCells } from "./grid.ts";
import { addQuality, noQuality, type Quality, type QualityCounts } from "./quality.ts";
import { TopValues, type ValueCount } from "./top-values.ts";

/** What a histogram of categories holds; its arrays belong to the holder. */
export type CategoryHistogramState = {
  readonly type: "category";
  readonly counts: Float64Array;
  readonly quality: Quality;
  /** Of the values that have no name; absent where there are none, or where not all are in it. */
  readonly unnamed?: Uint8Array;
  /** Of the values that the baseline does not have, the most frequent; absent without any. */
  readonly strangers?: readonly ValueCount[];
};

export type CategoryOptions = {
  readonly domain?: ReadonlySet<string> | undefined;
  /** Whether values that the baseline does not have are told. */
  readonly tellsUnseen?: boolean | undefined;
};

/**
 * The bins of a category: those of the baseline in its order, then one for what it has never seen.
 * Where a domain is declared, values that share a bin but not the domain are counted in a cell of
 * their own, which comes after those of the bins.
 */
export class CategoryBins {
  readonly bins: number;
  readonly unseen: number;
  /** The bin of each cell; of the first ones it is the cell itself. */
  readonly binOfCell: Uint16Array;
  /** Cells of values outside of the domain. */
  readonly strays: readonly number[];
  readonly #binOfValue: ReadonlyMap<string, number>;
  readonly #other: number | undefined;
  readonly #domain: ReadonlySet<string> | undefined;
  /** Where the values of a cell may be many. */
  readonly #unnamed: ReadonlySet<number>;

  readonly #tellsUnseen: boolean;

  constructor(categories: readonly CategoryCount[], options: CategoryOptions = {}) {
    const { domain, tellsUnseen = true } = options;
    this.#tellsUnseen = tellsUnseen;
    this.unseen = categories.length;
    this.bins = categories.length + 1;
    this.#binOfValue = new Map(categories.map(({ value }, bin) => [value, bin]));
    this.#other = this.#binOfValue.get(categoryOther);
    this.#domain = domain;
    const own = domain === undefined ? [] : [this.#other ?? this.unseen];
    this.binOfCell = Uint16Array.from([...Array(this.bins).keys(), ...own]);
    const foreign = [...this.#binOfValue].filter(
      ([value, bin]) => domain?.has(value) === false && bin !== this.#other,
    );
    this.#unnamed = new Set([this.#other ?? this.unseen, this.unseen, this.bins]);
    this.strays = [...foreign.map(([, bin]) => bin), ...own.map(() => this.bins)];
  }

  isNamed(cell: number): boolean {
    return !this.#unnamed.has(cell);
  }

  /** Whether the values of a cell are to be told: the baseline is known not to have them. */
  isTold(cell: number): boolean {
    const isUnseen = cell === this.unseen || (cell === this.bins && this.#other === undefined);
    return isUnseen && this.#tellsUnseen;
  }

  get tellsUnseen(): boolean {
    return this.#tellsUnseen;
  }

  /**
   * The cell of a value. One beyond the names of a long baseline may or may not have been seen: it
   * counts as the rest.
   */
  cellOf(value: string): number {
    const named = this.#binOfValue.get(value);
    if (named !== undefined && named !== this.#other) return named;
    if (this.#domain?.has(value) === false) return this.bins;
    return this.#other ?? this.unseen;
  }
}

/** Counts of live categories. Its size depends on the baseline alone. */
export class CategoryHistogram {
  readonly type = "category";
  readonly #bins: CategoryBins;
  readonly #cells: Cells;
  /** The place of its first count among all. */
  readonly #first: number;
  readonly #quality: QualityCounts = { ...noQuality };
  /** Made when the first value without a name comes. */
  #unnamed: DistinctSketch | undefined;
  #strangers: TopValues | undefined;
  /** Something was merged that did not say how many different ones there were. */
  #isUncounted = false;

  /** In memory of its own or in that of `cells`, which must have room for `categoryCells`. */
  constructor(bins: CategoryBins, cells: Cells = new Cells([categoryCells(bins)])) {
    this.#bins = bins;
    this.#cells = cells;
    this.#first = cells.take(categoryCells(bins)).counts;
  }

  get quality(): Quality {
    return { ...this.#quality, unseen: this.coarse()[this.#bins.unseen] ?? 0 };
  }

  /** How many values are in bins. */
  get binned(): number {
    return this.coarse().reduce((sum, count) => sum + count, 0);
  }

  /** Counts by bin, what is unseen last. */
  coarse(): Float64Array {
    return foldCells(this.#counts(), this.#bins.binOfCell, this.#bins.bins);
  }

  /** How many values are outside of the domain, where one is declared. */
  get strays(): number {
    const counts = this.#counts();
    return this.#bins.strays.reduce((sum, cell) => sum + (counts[cell] ?? 0), 0);
  }

  /**
   * How many different values there are: those of the baseline's names, and about as many more.
   * Undefined where nobody knows of the latter.
   */
  distinct(): Distinct | undefined {
    if (this.#isUncounted) return undefined;
    let named = 0;
    for (const [cell, count] of this.#counts().entries()) {
      if (count > 0 && this.#bins.isNamed(cell)) named += 1;
    }
    return { named, unnamed: this.#unnamed?.estimate() ?? 0 };
  }

  /** The most frequent values that the baseline does not have, as far as they are told. */
  get strangers(): readonly ValueCount[] {
    return this.#strangers?.top() ?? [];
  }

  /** Counts `rows` rows without a value. */
  addNulls(rows: number): void {
    this.#quality.nulls += rows;
  }

  /**
   * Adds the values at `rows`; those whose bit is set in `nulls` are null, whatever the value says.
   */
  add(values: CodedTexts, nulls: Bitmap, rows: Uint32Array): void {
    const cells = Uint16Array.from(values.dictionary, (text) => this.#bins.cellOf(text));
    const unnamed = this.#unnamedOf(cells);
    const hasNulls = nulls.length > 0;
    this.#cells.expect(rows.length);
    const { counts } = this.#cells;
    for (let index = 0; index < rows.length; index += 1) {
      const row = rows[index] as number;
      if (hasNulls && (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) === 1) {
        this.#quality.nulls += 1;
        continue;
      }
      const code = values.codes[row] as number;
      const place = this.#first + (cells[code] as number);
      counts[place] = (counts[place] as number) + 1;
      if (unnamed !== undefined) unnamed[code] = (unnamed[code] as number) + 1;
    }
    if (unnamed !== undefined) this.#addUnnamed(values.dictionary, cells, unnamed);
  }

  /** Adds what another histogram of the same baseline holds. */
  merge(other: CategoryHistogramState): void {
    this.#cells.expect(other.counts.reduce((sum, count) => sum + count, 0));
    const { counts } = this.#cells;
    for (let cell = 0; cell < this.#bins.binOfCell.length; cell += 1) {
      const place = this.#first + cell;
      counts[place] = (counts[place] as number) + (other.counts[cell] ?? 0);
    }
    addQuality(this.#quality, { ...other.quality, unseen: 0 });
    if (other.unnamed === undefined) {
      const hasUnnamed = other.counts.some((count, cell) => count > 0 && !this.#bins.isNamed(cell));
      this.#isUncounted ||= hasUnnamed;
    } else {
      this.#unnamed ??= new DistinctSketch();
      this.#unnamed.merge(other.unnamed);
    }
    if (!this.#bins.tellsUnseen) return;
    for (const { value, rows } of other.strangers ?? []) this.#addStranger(value, rows);
  }

  state(): CategoryHistogramState {
    const unnamed = this.#isUncounted ? undefined : this.#unnamed?.state();
    return {
      ...{ type: this.type, counts: this.#counts(), quality: this.quality },
      ...(unnamed === undefined ? {} : { unnamed }),
      ...(this.#strangers === undefined ? {} : { strangers: this.#strangers.state() }),
    };
  }

  /** Room to count how often each text of a dictionary occurs; undefined where all have names. */
  #unnamedOf(cells: Uint16Array): Uint32Array | undefined {
    for (const cell of cells) if (!this.#bins.isNamed(cell)) return new Uint32Array(cells.length);
    return undefined;
  }

  /** A text is hashed once a message, however many rows have it. */
  #addUnnamed(dictionary: readonly string[], cells: Uint16Array, occurs: Uint32Array): void {
    for (const [code, text] of dictionary.entries()) {
      const cell = cells[code] as number;
      const rows = occurs[code] as number;
      if (rows === 0 || this.#bins.isNamed(cell)) continue;
      this.#unnamed ??= new DistinctSketch();
      this.#unnamed.add(hash32(text));
      if (this.#bins.isTold(cell)) this.#addStranger(text, rows);
    }
  }

  #addStranger(text: string, rows: number): void {
    this.#strangers ??= new TopValues();
    this.#strangers.add(text, rows);
  }

  /** A copy of what each cell has counted. */
  #counts(): Float64Array {
    const { counts } = this.#cells;
    const end = this.#first + this.#bins.binOfCell.length;
    return Float64Array.from(counts.subarray(this.#first, end));
  }
}

export type Distinct = { readonly named: number; readonly unnamed: number };

/** Texts by number: row r has `dictionary[codes[r]]`. */
export type CodedTexts = {
  readonly dictionary: readonly string[];
  readonly codes: ArrayLike<number>;
};

/** What the histogram of these bins needs. */
export function categoryCells({ binOfCell }: CategoryBins): CellsSize {
  return { counts: binOfCell.length, sums: 0 };
}
