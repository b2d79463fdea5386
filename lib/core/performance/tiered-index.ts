import type { RowKey } from "./key-table.ts";
import {
  type IndexedRow,
  MemoryIndex,
  type MemoryIndexState,
  type PredictedRow,
  type PredictionIndex,
} from "./prediction-index.ts";

/** Rows that have left memory, and never change. */
export type Segment = {
  find(key: RowKey): { readonly row: IndexedRow; readonly keys: readonly RowKey[] } | undefined;
};

/** What is remembered of a segment. Plain data. */
export type SegmentInfo = {
  readonly name: string;
  readonly rows: number;
  /** When the last of its rows was stored. */
  readonly storedMs: number;
};

/** Where segments are kept. It does not fail: what it cannot keep it does not have. */
export type SegmentStore = {
  /** Keeps rows under a name that was not used before; undefined where they cannot be kept. */
  write(rows: MemoryIndexState): { readonly name: string; readonly segment: Segment } | undefined;
  /** Undefined where it is not there, or not whole. */
  open(name: string): Segment | undefined;
};

export type TieredIndexOptions = {
  /** In memory, a power of two; half of them go at a time. */
  readonly memoryRows: number;
  /** In all. */
  readonly rowsMax: number;
  readonly scores: number;
};

export type TieredIndexState = {
  readonly memory: MemoryIndexState;
  /** Oldest first. */
  readonly segments: readonly SegmentInfo[];
};

type Kept = { readonly info: SegmentInfo; readonly segment: Segment };

/** A row that comes again does so soon. */
const segmentsAskedForRepeats = 4;

/**
 * An index whose latest rows are in memory and the others in segments. A segment never changes: a
 * row of one that gets a label goes back to memory, where it is found before its older copy, and
 * leaves it again with the others. So what is in memory and the names of the segments are all there
 * is to save.
 */
export class TieredIndex implements PredictionIndex {
  readonly #options: TieredIndexOptions;
  readonly #store: SegmentStore | undefined;
  readonly #memory: MemoryIndex;
  /** Oldest first. */
  #segments: Kept[] = [];
  #latestMs = 0;
  /** Rows that had to go since the last one was put. */
  #dropped = 0;
  /** Of segments that were saved and are no longer there. */
  readonly rowsMissing: number;

  constructor(
    options: TieredIndexOptions,
    store: SegmentStore | undefined,
    state?: TieredIndexState,
  ) {
    const { memoryRows, scores } = options;
    this.#options = options;
    this.#store = store;
    this.#memory = new MemoryIndex({ rowsMax: memoryRows, scores }, state?.memory);
    let missing = 0;
    for (const info of state?.segments ?? []) {
      const segment = store?.open(info.name);
      if (segment === undefined) missing += info.rows;
      else this.#segments.push({ info, segment });
    }
    this.rowsMissing = missing;
    if (state === undefined) return;
    const latest = state.segments.at(-1)?.storedMs ?? 0;
    this.#latestMs = Math.max(latest, lastStoredMs(state.memory));
  }

  get size(): number {
    return this.#segments.reduce((sum, { info }) => sum + info.rows, this.#memory.size);
  }

  put(row: PredictedRow, keys: readonly RowKey[]): number {
    this.#latestMs = Math.max(this.#latestMs, row.storedMs);
    this.#makeRoom();
    const dropped = this.#dropped + this.#memory.put(row, keys);
    this.#dropped = 0;
    return dropped;
  }

  has(key: RowKey): boolean {
    if (this.#memory.has(key)) return true;
    const last = this.#segments.length - 1;
    for (let at = last; at > last - segmentsAskedForRepeats && at >= 0; at -= 1) {
      if (this.#segments[at]?.segment.find(key) !== undefined) return true;
    }
    return false;
  }

  find(key: RowKey): IndexedRow | undefined {
    return this.#memory.find(key) ?? this.#findKept(key)?.row;
  }

  setLabel(key: RowKey, label: { readonly seq: number; readonly value: number }): void {
    const kept = this.#memory.has(key) ? undefined : this.#findKept(key);
    if (kept !== undefined) {
      // Rows in memory are in the order they were stored.
      this.#makeRoom();
      this.#memory.put({ ...kept.row, storedMs: this.#latestMs }, kept.keys);
    }
    this.#memory.setLabel(key, label);
  }

  dropBefore(storedMs: number): void {
    this.#memory.dropBefore(storedMs);
    const [oldest] = this.#segments;
    if (oldest === undefined || oldest.info.storedMs >= storedMs) return;
    this.#segments = this.#segments.filter(({ info }) => info.storedMs >= storedMs);
  }

  state(): TieredIndexState {
    return { memory: this.#memory.state(), segments: this.#segments.map(({ info }) => info) };
  }

  /** Has the older half of a full memory kept elsewhere. */
  #makeRoom(): void {
    const { memoryRows, rowsMax } = this.#options;
    if (this.#memory.size < memoryRows || this.#store === undefined) return;
    const rows = this.#memory.takeOldest(memoryRows / 2);
    const written = this.#store.write(rows);
    if (written === undefined) {
      this.#dropped += rows.size;
      return;
    }
    const { name, segment } = written;
    const storedMs = lastStoredMs(rows);
    this.#segments.push({ info: { name, rows: rows.size, storedMs }, segment });
    while (this.size > rowsMax && this.#segments.length > 0) {
      this.#dropped += this.#segments.shift()?.info.rows ?? 0;
    }
  }

  #findKept(key: RowKey) {
    for (let at = this.#segments.length - 1; at >= 0; at -= 1) {
      const found = this.#segments[at]?.segment.find(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** Rows are in the order they were stored, and that is their first number. */
function lastStoredMs({ size, numbers }: MemoryIndexState): number {
  const stride = numbers.length / Math.max(1, size);
  return numbers[(size - 1) * stride] ?? 0;
}
