import { expect, it } from "vitest";
import { MemoryIndex } from "./prediction-index.ts";

const keyOf = (row: number) => ({ low: Math.imul(row, 0x9e3779b1), high: row });
const otherOf = (row: number) => ({ low: row + 1, high: 1 });

it("finds rows by either key, and drops the oldest where it is full", () => {
  const index = new MemoryIndex({ rowsMax: 32, scores: 2 });
  for (let row = 0; row < 100; row += 1) {
    const kept = index.put(rowAt(row), [keyOf(row), otherOf(row)]);
    expect(kept).toBe(row < 32 ? 0 : 1);
    expect(index.size).toBe(Math.min(row + 1, 32));
  }
  for (let row = 0; row < 100; row += 1) {
    const isKept = row >= 68;
    expect(index.find(keyOf(row))?.predicted).toBe(isKept ? row : undefined);
    expect(index.find(otherOf(row))?.predicted).toBe(isKept ? row : undefined);
  }
  expect(index.find(keyOf(99))).toEqual({
    ...rowAt(99),
    scores: Float64Array.from([0.25, Number.NaN]),
    labelSeq: 0,
    label: 0,
  });
});

it("goes on from its state, wherever its ring begins", () => {
  let index = new MemoryIndex({ rowsMax: 64, scores: 2 });
  for (let row = 0; row < 300; row += 1) {
    index.put(rowAt(row), [keyOf(row)]);
    if (row % 3 === 0) index.setLabel(keyOf(row), { seq: row + 1, value: 5 });
    if (row % 17 === 0) index.dropBefore(row - 30);
    if (row % 13 === 0) {
      index = new MemoryIndex({ rowsMax: 64, scores: 2 }, structuredClone(index.state()));
    }
    for (let other = Math.max(0, row - 29); other <= row; other += 1) {
      const labelSeq = other % 3 === 0 ? other + 1 : 0;
      expect(index.find(keyOf(other))).toMatchObject({ predicted: other, labelSeq });
    }
  }
  index.dropBefore(1_000);
  expect(index.size).toBe(0);
  expect(index.find(keyOf(299))).toBeUndefined();
});

it("takes a key that comes again for the new row", () => {
  const index = new MemoryIndex({ rowsMax: 16, scores: 0 });
  index.put({ ...rowAt(1), scores: [] }, [keyOf(7)]);
  index.put({ ...rowAt(2), scores: [] }, [keyOf(7)]);
  index.dropBefore(2);
  expect(index.find(keyOf(7))?.predicted).toBe(2);
});

function rowAt(row: number) {
  return { storedMs: row, timeMs: row - 0.5, version: 1, predicted: row, scores: [0.25] };
}
