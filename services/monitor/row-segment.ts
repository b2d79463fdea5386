/**
 * Rows that have left memory, in a file that is written once and looked up in place. One after the
 * other, little-endian as memory is:
 *
 * 1. the head: eight words, the last a checksum of 2. and 3.
 * 2. fences: the first key of every block of 64 keys
 * 3. a filter of the keys
 * 4. keys by ascending value: low, high, and the place of their row
 * 5. the keys of each row: low and high, twice
 * 6. the numbers of each row
 *
 * Head, fences and filter are held; a lookup reads a block of keys and a row. The whole has a
 * checksum in the head, too: what was torn is found when the file is opened.
 */
import { crc32 } from "node:zlib";
import { KeyFilter } from "#core/performance/key-filter.ts";
import type { RowKey } from "#core/performance/key-table.ts";
import {
  type IndexedRow,
  keyWords,
  type MemoryIndexState,
  numbersFixed,
} from "#core/performance/prediction-index.ts";

/** Reads so many bytes of the file from an offset; fewer where it ends. */
export type ReadAt = (offset: number, bytes: number) => Uint8Array;

export type SegmentRow = { readonly row: IndexedRow; readonly keys: readonly RowKey[] };

const magic = 0x534c5253;
const format = 1;
const headWords = 8;
const blockKeys = 64;
const entryWords = 3;
const wordBytes = 4;
/** Of keys, two for each row. */
const placesMax = 2 ** 20;

type Shape = { readonly rows: number; readonly keys: number; readonly stride: number };

/** `rows` have as many numbers each. */
export function encodeSegment({ size, numbers, keys }: MemoryIndexState): Uint8Array {
  const stride = size === 0 ? numbersFixed : numbers.length / size;
  const entries = sortedEntries(size, keys);
  const count = entries.length / entryWords;
  const filter = KeyFilter.of(count);
  const fences = new Uint32Array(Math.ceil(count / blockKeys) * 2);
  for (let place = 0; place < count; place += 1) {
    const [low, high] = [entries[place * entryWords], entries[place * entryWords + 1]];
    filter.add(low as number, high as number);
    if (place % blockKeys === 0) fences.set([low as number, high as number], (place / 32) | 0);
  }
  const parts = [fences, filter.bits, entries, keys, numbers].map(bytesOf);
  const sum = parts.reduce((before, part) => crc32(part, before), 0);
  const head = Uint32Array.of(magic, format, size, count, stride, filter.bits.length, sum, 0);
  head[headWords - 1] = headSum(head);
  return Buffer.concat([bytesOf(head), ...parts]);
}

/** A segment that is looked up in its file. */
export class RowSegment {
  readonly rows: number;
  readonly #shape: Shape;
  readonly #fences: Uint32Array;
  readonly #filter: KeyFilter;
  readonly #entriesAt: number;

  private constructor(shape: Shape, fences: Uint32Array, filter: KeyFilter) {
    this.rows = shape.rows;
    this.#shape = shape;
    this.#fences = fences;
    this.#filter = filter;
    this.#entriesAt = (headWords + fences.length + filter.bits.length) * wordBytes;
  }

  /** Undefined where the bytes are not a whole segment. */
  static open(bytes: Uint8Array): RowSegment | undefined {
    if (bytes.byteLength < headWords * wordBytes) return undefined;
    const head = words(bytes, 0, headWords);
    const [found, version, rows = 0, keys = 0, stride = 0, filterWords = 0, sum] = head;
    if (found !== magic || version !== format || head[7] !== headSum(head)) return undefined;
    if (crc32(bytes.subarray(headWords * wordBytes)) !== sum) return undefined;
    const fenceWords = Math.ceil(keys / blockKeys) * 2;
    const fences = words(bytes, headWords * wordBytes, fenceWords);
    const bits = words(bytes, (headWords + fenceWords) * wordBytes, filterWords);
    return new RowSegment({ rows, keys, stride }, fences, new KeyFilter(bits));
  }

  /** Reads nothing for most keys that it has not. */
  find(key: RowKey, read: ReadAt): SegmentRow | undefined {
    const [low, high] = [key.low >>> 0, key.high >>> 0];
    if (!this.#filter.mayHave(low, high)) return undefined;
    const { rows, keys, stride } = this.#shape;
    const first = this.#blockOf(low, high) * blockKeys;
    if (first < 0) return undefined;
    const count = Math.min(blockKeys, keys - first);
    const at = this.#entriesAt + first * entryWords * wordBytes;
    const block = words(read(at, count * entryWords * wordBytes), 0, count * entryWords);
    for (let place = 0; place < count; place += 1) {
      const start = place * entryWords;
      if (block[start] !== low || block[start + 1] !== high) continue;
      const row = block[start + 2] as number;
      const keysAt = this.#entriesAt + keys * entryWords * wordBytes;
      const numbersAt = keysAt + rows * keyWords * wordBytes;
      const keysOfRow = read(keysAt + row * keyWords * wordBytes, keyWords * wordBytes);
      const numbers = read(numbersAt + row * stride * 8, stride * 8);
      return toRow(words(keysOfRow, 0, keyWords), new Float64Array(copied(numbers)));
    }
    return undefined;
  }

  /** The last block that begins at or before the key; -1 where none does. */
  #blockOf(low: number, high: number): number {
    const fences = this.#fences;
    let [from, to] = [0, fences.length / 2];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const isAfter =
        (fences[middle * 2 + 1] as number) > high ||
        (fences[middle * 2 + 1] === high && (fences[middle * 2] as number) > low);
      if (isAfter) to = middle;
      else from = middle + 1;
    }
    return from - 1;
  }
}

/** By high half, then low; of rows with the same key the later one alone. */
function sortedEntries(rows: number, keys: Uint32Array): Uint32Array {
  // High half and place in one number, which sorts natively; equal halves are put in order below.
  const order = new Float64Array(rows * 2);
  let count = 0;
  for (let at = 0; at < rows * 2; at += 1) {
    const [low, high] = [keys[at * 2] as number, keys[at * 2 + 1] as number];
    if (at % 2 === 1 && low === 0 && high === 0) continue;
    order[count] = high * placesMax + at;
    count += 1;
  }
  const places = Uint32Array.from(order.subarray(0, count).sort(), (one) => one % placesMax);
  const comesFirst = (one: number, other: number) => {
    const [low, lowOther] = [keys[one * 2] as number, keys[other * 2] as number];
    if (keys[one * 2 + 1] !== keys[other * 2 + 1]) return false;
    return low < lowOther || (low === lowOther && one > other);
  };
  for (let at = 1; at < count; at += 1) {
    const place = places[at] as number;
    let to = at;
    for (; to > 0 && comesFirst(place, places[to - 1] as number); to -= 1) {
      places[to] = places[to - 1] as number;
    }
    places[to] = place;
  }
  return entriesOf(places, keys);
}

function entriesOf(places: Uint32Array, keys: Uint32Array): Uint32Array {
  const entries = new Uint32Array(places.length * entryWords);
  let end = 0;
  for (const place of places) {
    const [low, high] = [keys[place * 2] as number, keys[place * 2 + 1] as number];
    const isAgain = end > 0 && entries[end - 3] === low && entries[end - 2] === high;
    if (isAgain) continue;
    entries[end] = low;
    entries[end + 1] = high;
    entries[end + 2] = place >>> 1;
    end += entryWords;
  }
  return entries.slice(0, end);
}

function toRow(keys: Uint32Array, numbers: Float64Array): SegmentRow {
  const [storedMs = 0, timeMs = 0, predicted = 0, labelSeq = 0, label = 0, version = 0] = numbers;
  const scores = numbers.slice(numbersFixed);
  const row = { storedMs, timeMs, predicted, labelSeq, label, version, scores };
  const [low = 0, high = 0, other = 0, otherHigh = 0] = keys;
  const first = { low, high };
  const isOne = other === 0 && otherHigh === 0;
  return { row, keys: isOne ? [first] : [first, { low: other, high: otherHigh }] };
}

function headSum(head: Uint32Array): number {
  return crc32(bytesOf(head.subarray(0, headWords - 1)));
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Copied, so that it begins where a word may. */
function words(bytes: Uint8Array, offset: number, count: number): Uint32Array {
  return new Uint32Array(copied(bytes.subarray(offset, offset + count * wordBytes)));
}

function copied(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
