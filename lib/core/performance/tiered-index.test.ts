import fc from "fast-check";
import { expect, it } from "vitest";
import { MemoryIndex, type MemoryIndexState } from "./prediction-index.ts";
import { type Segment, type SegmentStore, TieredIndex } from "./tiered-index.ts";

const scores = 1;
const memoryRows = 16;
const keyOf = (row: number) => ({ low: Math.imul(row, 0x9e3779b1) >>> 0, high: row });
const otherOf = (row: number) => ({ low: row + 1, high: 1 });

/** Segments that are kept as indexes in memory. */
class MemoryStore implements SegmentStore {
  readonly segments = new Map<string, MemoryIndexState>();

  write(rows: MemoryIndexState) {
    const name = String(this.segments.size);
    this.segments.set(name, structuredClone(rows));
    return { name, segment: this.open(name) as Segment };
  }

  open(name: string): Segment | undefined {
    const rows = this.segments.get(name);
    if (rows === undefined) return undefined;
    const index = new MemoryIndex({ rowsMax: memoryRows, scores }, rows);
    return {
      find: (key) => {
        const row = index.find(key);
        return row && { row, keys: [keyOf(row.predicted), otherOf(row.predicted)] };
      },
    };
  }
}

function rowAt(row: number) {
  return { storedMs: row, timeMs: row - 0.5, version: 1, predicted: row, scores: [0.25] };
}

const step = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant("label" as const), back: fc.nat(150) }),
  fc.record({ kind: fc.constant("drop" as const), back: fc.integer({ min: 60, max: 200 }) }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

it("finds what one large index in memory finds, wherever rows are", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const options = { memoryRows, rowsMax: 1_000_000, scores };
      const store = new MemoryStore();
      let tiered = new TieredIndex(options, store);
      const large = new MemoryIndex({ rowsMax: 2_048, scores });
      let [next, oldest, seq] = [0, 0, 0];
      for (const one of steps) {
        if (one.kind === "put") {
          for (let left = one.count; left > 0; left -= 1, next += 1) {
            const keys = [keyOf(next), otherOf(next)];
            expect(tiered.put(rowAt(next), keys)).toBe(0);
            large.put(rowAt(next), keys);
          }
        } else if (one.kind === "label") {
          const row = next - 1 - one.back;
          if (row < oldest) continue;
          seq += 1;
          const key = seq % 2 === 0 ? keyOf(row) : otherOf(row);
          for (const index of [tiered, large]) index.setLabel(key, { seq, value: row });
        } else if (one.kind === "drop") {
          oldest = Math.max(oldest, next - one.back);
          for (const index of [tiered, large]) index.dropBefore(oldest);
        } else tiered = new TieredIndex(options, store, structuredClone(tiered.state()));
      }
      for (let row = oldest; row < next; row += 1) {
        for (const key of [keyOf(row), otherOf(row)]) {
          const { storedMs: _, ...found } = tiered.find(key) ?? { storedMs: 0 };
          const { storedMs: __, ...wanted } = large.find(key) ?? { storedMs: 0 };
          expect(found).toEqual(wanted);
        }
      }
      if (next > oldest) expect(tiered.has(keyOf(next - 1))).toBe(true);
    }),
  );
});

it("lets the oldest rows go beyond its bound, and all that there is no store for", () => {
  const put = (index: TieredIndex) => {
    let dropped = 0;
    for (let row = 0; row < 100; row += 1) dropped += index.put(rowAt(row), [keyOf(row)]);
    return dropped;
  };
  const bounded = new TieredIndex({ memoryRows, rowsMax: 40, scores }, new MemoryStore());
  expect(put(bounded)).toBe(100 - bounded.size);
  expect(bounded.size).toBeGreaterThan(30);
  expect(bounded.size).toBeLessThanOrEqual(48);
  expect(bounded.find(keyOf(0))).toBeUndefined();
  expect(put(new TieredIndex({ memoryRows, rowsMax: 40, scores }, undefined))).toBe(84);
  const full = new MemoryStore();
  full.write = () => undefined as never;
  const failing = new TieredIndex({ memoryRows, rowsMax: 40, scores }, full);
  expect(put(failing)).toBe(100 - failing.size);
});

it("goes on without segments that are gone, and says how many rows they had", () => {
  const store = new MemoryStore();
  const options = { memoryRows, rowsMax: 1_000, scores };
  const index = new TieredIndex(options, store);
  for (let row = 0; row < 40; row += 1) index.put(rowAt(row), [keyOf(row)]);
  store.segments.delete("1");
  const restored = new TieredIndex(options, store, index.state());
  expect(restored.rowsMissing).toBe(8);
  expect(restored.find(keyOf(9))).toBeUndefined();
  expect(restored.find(keyOf(0))?.predicted).toBe(0);
  expect(restored.size).toBe(32);
});
