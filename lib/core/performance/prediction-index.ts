import { assert } from "../assert.ts";
import { KeyTable, type RowKey } from "./key-table.ts";

/** What is kept of a predicted row until its label comes. */
export type PredictedRow = {
  /** When the stream stored it; never falls from row to row. */
  readonly storedMs: number;
  /** When it was predicted; not after it was stored. */
  readonly timeMs: number;
  /** Of the model. */
  readonly version: number;
  /** The code of a class, or a number. */
  readonly predicted: number;
  /** As many as the model gives, always the same number. */
  readonly scores: ArrayLike<number>;
};

export type IndexedRow = PredictedRow & {
  /** Of the feedback stream; 0 while there is no label. */
  readonly labelSeq: number;
  readonly label: number;
};

/** Predicted rows by key, up to a bounded number, oldest first out. */
export interface PredictionIndex {
  readonly size: number;
  /**
   * Keeps a row under one key or two; where it is full the oldest go. A key that was given before
   * means the new row. Says how many rows had to go.
   */
  put(row: PredictedRow, keys: readonly RowKey[]): number;
  /** Whether a row is there, of the later ones for sure. */
  has(key: RowKey): boolean;
  find(key: RowKey): IndexedRow | undefined;
  /** For a row that is there. */
  setLabel(key: RowKey, label: { readonly seq: number; readonly value: number }): void;
  /** Drops rows stored before. */
  dropBefore(storedMs: number): void;
}

/** Oldest row first: its numbers and its keys one after the other. */
export type MemoryIndexState = {
  readonly size: number;
  readonly numbers: Float64Array;
  readonly keys: Uint32Array;
};

export type MemoryIndexOptions = {
  /** A power of two, at least 16. */
  readonly rowsMax: number;
  /** Scores of a row. */
  readonly scores: number;
};

const rowsMin = 16;
/** storedMs, timeMs, predicted, labelSeq, label, version; scores follow. */
export const numbersFixed = 6;
/** low, high; twice. Two zeros mean that there is no second key. */
export const keyWords = 4;

/**
 * An index in typed arrays: rows in a ring in the order they came, and their places by key in a
 * table with open addressing. A row takes 48 bytes, 8 for each score, and 64 for its keys.
 * Memory doubles as rows come, up to `rowsMax`. Its state belongs into the snapshot that holds the
 * positions of both streams: then nothing can be in one and not in the other.
 */
export class MemoryIndex implements PredictionIndex {
  readonly #options: MemoryIndexOptions;
  readonly #stride: number;
  #numbers: Float64Array;
  #keys: Uint32Array;
  /** Slots by key. Four times as long as the ring: with two keys a row it is half full. */
  #table: KeyTable;
  #capacity = rowsMin;
  #head = 0;
  #size = 0;

  constructor(options: MemoryIndexOptions, state?: MemoryIndexState) {
    const { rowsMax, scores } = options;
    assert(rowsMax >= rowsMin && (rowsMax & (rowsMax - 1)) === 0, "rows: a power of two");
    this.#options = options;
    this.#stride = numbersFixed + scores;
    while (this.#capacity < (state?.size ?? 0)) this.#capacity *= 2;
    this.#numbers = new Float64Array(this.#capacity * this.#stride);
    this.#keys = new Uint32Array(this.#capacity * keyWords);
    this.#table = new KeyTable(this.#capacity * 4);
    if (state === undefined) return;
    this.#numbers.set(state.numbers);
    this.#keys.set(state.keys);
    this.#size = state.size;
    this.#fillTable();
  }

  get size(): number {
    return this.#size;
  }

  put(row: PredictedRow, keys: readonly RowKey[]): number {
    if (this.#size === this.#capacity && this.#capacity < this.#options.rowsMax) this.#grow();
    const isFull = this.#size === this.#capacity;
    if (isFull) this.#dropOldest();
    const slot = (this.#head + this.#size) & (this.#capacity - 1);
    const start = slot * this.#stride;
    const numbers = this.#numbers;
    numbers[start] = row.storedMs;
    numbers[start + 1] = row.timeMs;
    numbers[start + 2] = row.predicted;
    numbers[start + 3] = 0;
    numbers[start + 4] = 0;
    numbers[start + 5] = row.version;
    for (let place = 0; place < this.#options.scores; place += 1) {
      numbers[start + numbersFixed + place] = row.scores[place] ?? Number.NaN;
    }
    for (let place = 0; place < keyWords / 2; place += 1) {
      this.#keys[slot * keyWords + place * 2] = keys[place]?.low ?? 0;
      this.#keys[slot * keyWords + place * 2 + 1] = keys[place]?.high ?? 0;
    }
    this.#size += 1;
    this.#enter(slot);
    return isFull ? 1 : 0;
  }

  has(key: RowKey): boolean {
    return this.#table.get(key.low, key.high) >= 0;
  }

  find(key: RowKey): IndexedRow | undefined {
    const slot = this.#table.get(key.low, key.high);
    if (slot < 0) return undefined;
    const start = slot * this.#stride;
    const [storedMs = 0, timeMs = 0, predicted = 0, labelSeq = 0, label = 0, version = 0] =
      this.#numbers.subarray(start, start + numbersFixed);
    const scores = this.#numbers.slice(start + numbersFixed, start + this.#stride);
    return { storedMs, timeMs, version, predicted, labelSeq, label, scores };
  }

  setLabel(key: RowKey, { seq, value }: { readonly seq: number; readonly value: number }): void {
    const slot = this.#table.get(key.low, key.high);
    assert(slot >= 0, "only a row that is there gets a label");
    this.#numbers[slot * this.#stride + 3] = seq;
    this.#numbers[slot * this.#stride + 4] = value;
  }

  dropBefore(storedMs: number): void {
    while (this.#size > 0 && (this.#numbers[this.#head * this.#stride] as number) < storedMs) {
      this.#dropOldest();
    }
  }

  state(): MemoryIndexState {
    return {
      size: this.#size,
      numbers: this.#inOrder(this.#numbers, this.#stride),
      keys: this.#inOrder(this.#keys, keyWords),
    };
  }

  /** Takes out the oldest rows, so many. */
  takeOldest(rows: number): MemoryIndexState {
    const size = Math.min(rows, this.#size);
    const { numbers, keys } = this.state();
    for (let row = 0; row < size; row += 1) this.#dropOldest();
    return {
      size,
      numbers: numbers.slice(0, size * this.#stride),
      keys: keys.slice(0, size * keyWords),
    };
  }

  #grow(): void {
    const { size, numbers, keys } = this.state();
    this.#capacity *= 2;
    this.#head = 0;
    this.#numbers = new Float64Array(this.#capacity * this.#stride);
    this.#keys = new Uint32Array(this.#capacity * keyWords);
    this.#table = new KeyTable(this.#capacity * 4);
    this.#numbers.set(numbers);
    this.#keys.set(keys);
    this.#size = size;
    this.#fillTable();
  }

  /** A copy of what is used of a ring, oldest first. */
  #inOrder<Ring extends Float64Array | Uint32Array>(ring: Ring, stride: number): Ring {
    const end = Math.min(this.#capacity, this.#head + this.#size);
    const copy = ring.slice(0, this.#size * stride) as Ring;
    copy.set(ring.subarray(this.#head * stride, end * stride));
    const wrapped = this.#head + this.#size - end;
    copy.set(ring.subarray(0, wrapped * stride), (end - this.#head) * stride);
    return copy;
  }

  #fillTable(): void {
    for (let place = 0; place < this.#size; place += 1) {
      this.#enter((this.#head + place) & (this.#capacity - 1));
    }
  }

  #enter(slot: number): void {
    const keys = this.#keys;
    const start = slot * keyWords;
    this.#table.set(keys[start] as number, keys[start + 1] as number, slot);
    const [low, high] = [keys[start + 2] as number, keys[start + 3] as number];
    if (low !== 0 || high !== 0) this.#table.set(low, high, slot);
  }

  /** Keys that a later row has taken over stay. */
  #dropOldest(): void {
    const slot = this.#head;
    const keys = this.#keys;
    const start = slot * keyWords;
    this.#table.delete(keys[start] as number, keys[start + 1] as number, slot);
    const [low, high] = [keys[start + 2] as number, keys[start + 3] as number];
    if (low !== 0 || high !== 0) this.#table.delete(low, high, slot);
    this.#head = (slot + 1) & (this.#capacity - 1);
    this.#size -= 1;
  }
}
