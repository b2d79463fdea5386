// Rows that were served within a period, kept column by column to be described exactly. Where they
// are too many, the predictions are sampled by a hash of their ids: whenever there is no room left,
// half of the predictions that are still in go, which leaves the same ones in whatever order they
// come.
import type { FeatureBaseline } from "#core/drift/baseline.ts";
import type { FeatureType } from "#core/model/spec.ts";
import { hashRowInto } from "#core/monitor/row-hash.ts";
import { RowSet } from "#core/monitor/row-set.ts";
import type { EventColumn, EventRequests, PredictionEvent } from "#core/prediction/event.ts";
import type { ColumnKind } from "#core/prediction/value-column.ts";
import { GrowingNumbers } from "./growing-numbers.ts";
import { ServedColumn } from "./served-column.ts";

export type ServedRowsOptions = {
  /** Of the model file; rows of others are counted apart. */
  readonly digest: string;
  /** By event time, in milliseconds since 1970: from `sinceMs` on, before `untilMs`. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly rowsMax: number;
  /** Of all columns together. */
  readonly valuesMax: number;
  readonly seed: number;
  readonly typeOf: (column: Pick<EventColumn, "kind" | "name" | "dtype" | "values">) => FeatureType;
};

export type DescribedColumn = { readonly kind: ColumnKind; readonly feature: FeatureBaseline };

const hashes = 2 ** 32;
/** Other model files told of by name. */
const othersMax = 8;

export class ServedRows {
  readonly #options: ServedRowsOptions;
  readonly #columns = new Map<string, ServedColumn>();
  /** Of each row: its hash, which tells it from others, and that of its prediction. */
  readonly #low = new GrowingNumbers(Uint32Array);
  readonly #high = new GrowingNumbers(Uint32Array);
  readonly #draws = new GrowingNumbers(Uint32Array);
  readonly #others = new Map<string, number>();
  readonly #slotsMax: number;
  #known: RowSet;
  /** Predictions whose hash is below it are in. */
  #limit = hashes;

  constructor(options: ServedRowsOptions) {
    this.#options = options;
    // A set takes half as many rows as it has slots.
    this.#slotsMax = 2 ** Math.ceil(Math.log2(Math.max(32, 4 * options.rowsMax)));
    this.#known = new RowSet(this.#slotsMax);
  }

  /** Rows kept. */
  get rows(): number {
    return this.#low.length;
  }

  /** Of the predictions; 1 while all of them have found room. */
  get share(): number {
    return this.#limit / hashes;
  }

  /** Rows of the period by the digest of another model file. */
  get others(): ReadonlyMap<string, number> {
    return this.#others;
  }

  add(event: PredictionEvent): void {
    const isOther = event.digest !== this.#options.digest;
    const rows: number[] = [];
    let from = 0;
    for (let index = 0; index < event.requests.count; index += 1) {
      const to = from + (event.requests.rows[index] as number);
      if (this.#isAnswered(event.requests, index)) {
        if (isOther) this.#countOther(event.digest, to - from);
        else this.#take(event, { index, from, to }, rows);
      }
      from = to;
    }
    if (rows.length === 0) return;
    for (const column of event.columns) {
      const served = this.#columnOf(column);
      served.fill(this.rows - rows.length);
      served.append(column, rows);
    }
    for (const column of this.#columns.values()) column.fill(this.rows);
    while (this.rows > this.#rowsMax()) this.#halve();
  }

  /** Every column there was, in the order they were first seen in. */
  describe(): DescribedColumn[] {
    return [...this.#columns.values()].map((column) => ({
      kind: column.kind,
      feature: column.describe(),
    }));
  }

  /** Shadows answered nobody, and failed requests have no answer. */
  #isAnswered({ roles, statuses, eventTimesUs }: EventRequests, index: number): boolean {
    if (roles[index] === "shadow" || statuses[index] !== 0) return false;
    const timeMs = (eventTimesUs[index] as number) / 1000;
    return timeMs >= this.#options.sinceMs && timeMs < this.#options.untilMs;
  }

  /** Adds the places of a request's rows that are in and that have not come before. */
  #take(event: PredictionEvent, request: Request, places: number[]): void {
    const { index, from, to } = request;
    const { predictionIds } = event.requests;
    hashRowInto(hash, { predictionIds, index }, 0);
    const draw = mixed(hash.low ^ Math.imul(hash.high, 0x9e3779b1) ^ this.#options.seed);
    if (draw >= this.#limit) return;
    for (let place = from; place < to; place += 1) {
      hashRowInto(hash, { predictionIds, index }, event.rows[place] as number);
      if (this.#known.add(hash.low, hash.high) === "known") continue;
      this.#low.push(hash.low);
      this.#high.push(hash.high);
      this.#draws.push(draw);
      places.push(place);
    }
  }

  #columnOf(column: EventColumn): ServedColumn {
    const key = `${column.kind} ${column.name}`;
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    const { kind, name, dtype } = column;
    const made = new ServedColumn({ kind, name, dtype, type: this.#options.typeOf(column) });
    this.#columns.set(key, made);
    return made;
  }

  #countOther(digest: string, rows: number): void {
    if (rows === 0 || (!this.#others.has(digest) && this.#others.size >= othersMax)) return;
    this.#others.set(digest, (this.#others.get(digest) ?? 0) + rows);
  }

  #rowsMax(): number {
    const { rowsMax, valuesMax } = this.#options;
    return Math.min(rowsMax, Math.floor(valuesMax / Math.max(1, this.#columns.size)));
  }

  #halve(): void {
    this.#limit /= 2;
    const kept: number[] = [];
    for (let row = 0; row < this.rows; row += 1) {
      if (this.#draws.at(row) < this.#limit) kept.push(row);
    }
    for (const numbers of [this.#low, this.#high, this.#draws]) numbers.keep(kept);
    for (const column of this.#columns.values()) column.keep(kept);
    this.#known = new RowSet(this.#slotsMax);
    for (let row = 0; row < this.rows; row += 1) {
      this.#known.add(this.#low.at(row), this.#high.at(row));
    }
  }
}

type Request = { readonly index: number; readonly from: number; readonly to: number };

const hash = { low: 0, high: 0 };

/** Spreads the bits of a hash evenly (the finisher of MurmurHash3, public domain). */
function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
