import { isSet } from "#core/bitmap.ts";
import {
  categoryOther,
  describeCounts,
  describeNumber,
  type FeatureBaseline,
} from "#core/drift/baseline.ts";
import type { FeatureType } from "#core/model/spec.ts";
import { toDoubles, toTexts } from "#core/monitor/live-values.ts";
import type { EventColumn } from "#core/prediction/event.ts";
import type { ColumnKind } from "#core/prediction/value-column.ts";
import type { Dtype } from "#core/tensor/dtype.ts";
import { GrowingNumbers } from "./growing-numbers.ts";

export type ServedColumnOptions = {
  readonly kind: ColumnKind;
  readonly name: string;
  readonly dtype: Dtype;
  readonly type: FeatureType;
};

/** What a row has in a column: requests that asked for other outputs have nothing. */
const cell = { absent: 0, value: 1, isNull: 2 } as const;
/** So many texts, the first ones, are told apart: more than the largest baseline names. */
const textsMax = 65_536;

/** The values of one feature or output, row by row. */
export class ServedColumn implements ServedColumnOptions {
  readonly kind: ColumnKind;
  readonly name: string;
  readonly dtype: Dtype;
  readonly type: FeatureType;
  readonly #cells = new GrowingNumbers(Uint8Array);
  /** Numbers, or the numbers of texts. */
  readonly #values: GrowingNumbers;
  readonly #texts: string[] = [];
  readonly #codeOf = new Map<string, number>();

  constructor({ kind, name, dtype, type }: ServedColumnOptions) {
    this.kind = kind;
    this.name = name;
    this.dtype = dtype;
    this.type = type;
    this.#values = new GrowingNumbers(type === "number" ? Float64Array : Uint32Array);
  }

  /** Adds the values at `places`, after those of earlier rows; none that are of another type. */
  append(column: EventColumn, places: readonly number[]): void {
    const { nulls, dtype, values } = column;
    if (dtype !== this.dtype || (this.type === "number" && values.kind === "texts")) return;
    const valueAt = this.#reader(column);
    for (const place of places) {
      if (nulls.length > 0 && isSet(nulls, place)) {
        this.#cells.push(cell.isNull);
        this.#values.push(0);
        continue;
      }
      this.#cells.push(cell.value);
      this.#values.push(valueAt(place));
    }
  }

  /** Says that the rows up to `rows` have nothing here. */
  fill(rows: number): void {
    this.#cells.fill(rows);
    this.#values.fill(rows);
  }

  /** Lets go of all rows but those at these ascending places. */
  keep(places: readonly number[]): void {
    this.#cells.keep(places);
    this.#values.keep(places);
  }

  describe(): FeatureBaseline {
    const { name, dtype, type } = this;
    if (type === "number" && dtype !== "BYTES") {
      return describeNumber({ name, dtype, values: this.#numbers() });
    }
    const { counts, nulls, others } = this.#counts();
    const described = describeCounts({ name, dtype, counts, nulls });
    // There are more texts than a baseline names: it has counted some of them as others already.
    const categories = described.categories.map((each) =>
      each.value === categoryOther ? { ...each, count: each.count + others } : each,
    );
    // How often each of the others came is not known.
    return others === 0 ? described : { ...described, categories, rest: undefined };
  }

  *#numbers(): Generator<number | null> {
    for (let row = 0; row < this.#cells.length; row += 1) {
      const what = this.#cells.at(row);
      if (what === cell.value) yield this.#values.at(row);
      else if (what === cell.isNull) yield null;
    }
  }

  #counts() {
    const counts = new Map<string, number>();
    let [nulls, others] = [0, 0];
    for (let row = 0; row < this.#cells.length; row += 1) {
      const what = this.#cells.at(row);
      if (what === cell.isNull) nulls += 1;
      if (what !== cell.value) continue;
      const text = this.#texts[this.#values.at(row)];
      if (text === undefined) others += 1;
      else counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    return { counts, nulls, others };
  }

  #reader({ dtype, values }: EventColumn): (place: number) => number {
    if (this.type === "number" && values.kind === "numbers") {
      const doubles = toDoubles(dtype, values.data);
      return (place) => doubles[place] as number;
    }
    const { dictionary, codes } = values.kind === "texts" ? values : toTexts(dtype, values.data);
    const own = dictionary.map((text) => this.#code(text));
    return (place) => own[codes[place] as number] as number;
  }

  #code(text: string): number {
    const known = this.#codeOf.get(text);
    if (known !== undefined) return known;
    const code = this.#texts.length;
    if (code === textsMax) return code;
    this.#texts.push(text);
    this.#codeOf.set(text, code);
    return code;
  }
}
