import fc from "fast-check";
import { expect, it } from "vitest";
import type { RowKey } from "#core/performance/key-table.ts";
import { MemoryIndex } from "#core/performance/prediction-index.ts";
import { encodeSegment, RowSegment } from "./row-segment.ts";

const half = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.nat(2 ** 32 - 1));
const key = fc.record({ low: half, high: fc.integer({ min: 1, max: 2 ** 32 - 1 }) });

function open(bytes: Uint8Array) {
  const segment = RowSegment.open(bytes);
  if (segment === undefined) return undefined;
  const read = (offset: number, count: number) => bytes.subarray(offset, offset + count);
  return { rows: segment.rows, find: (one: RowKey) => segment.find(one, read) };
}

it("finds every row by its keys, with all its numbers, and no other", () => {
  const rows = fc.uniqueArray(key, {
    maxLength: 300,
    selector: ({ low, high }) => `${low} ${high}`,
  });
  fc.assert(
    fc.property(rows, fc.nat(3), key, (keys, scores, other) => {
      const index = new MemoryIndex({ rowsMax: 512, scores });
      for (let at = 0; at + 1 < keys.length; at += 2) {
        const pair = at % 4 === 0 ? keys.slice(at, at + 2) : keys.slice(at, at + 1);
        const values = { version: 7, predicted: at, scores: [0.5, Number.NaN, at] };
        index.put({ storedMs: at, timeMs: at / 3, ...values }, pair);
        if (at % 3 === 0) index.setLabel(keys[at] as typeof other, { seq: at + 1, value: -1 });
      }
      const segment = open(encodeSegment(index.state()));
      expect(segment?.rows).toBe(index.size);
      for (const one of [...keys, other]) expect(segment?.find(one)?.row).toEqual(index.find(one));
    }),
    { numRuns: 50 },
  );
});

it("tells the keys of a row again", () => {
  const index = new MemoryIndex({ rowsMax: 16, scores: 0 });
  const row = { storedMs: 1, timeMs: 1, version: 1, predicted: 1, scores: [] };
  const [one, two, three] = [1, 2, 3].map((low) => ({ low, high: 9 }));
  index.put(row, [one, two] as { low: number; high: number }[]);
  index.put(row, [three] as { low: number; high: number }[]);
  const segment = open(encodeSegment(index.state()));
  expect(segment?.find({ low: 2, high: 9 })?.keys).toEqual([one, two]);
  expect(segment?.find({ low: 3, high: 9 })?.keys).toEqual([three]);
});

it("takes the later row where a key was given twice", () => {
  const index = new MemoryIndex({ rowsMax: 256, scores: 0 });
  const [low, high] = [9, 9];
  for (let predicted = 0; predicted < 200; predicted += 1) {
    index.put({ storedMs: 1, timeMs: 1, version: 1, predicted, scores: [] }, [{ low, high }]);
  }
  expect(open(encodeSegment(index.state()))?.find({ low, high })?.row.predicted).toBe(199);
});

it("is not opened with a byte changed or cut off", () => {
  const index = new MemoryIndex({ rowsMax: 16, scores: 1 });
  const row = { storedMs: 1, timeMs: 1, version: 1, predicted: 1, scores: [0.5] };
  for (let low = 0; low < 3; low += 1) index.put(row, [{ low, high: 1 }]);
  const bytes = Uint8Array.from(encodeSegment(index.state()));
  expect(open(bytes)).toBeDefined();
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    expect(open(changed)).toBeUndefined();
    expect(open(bytes.subarray(0, at))).toBeUndefined();
  }
});
