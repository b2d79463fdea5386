import * as fc from "fast-check";
import { expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { RowSet } from "./row-set.ts";

it("knows what was added and nothing else", () => {
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((value) => (value | 1) >>> 0);
  const pair = fc.tuple(word, word);
  void fc.assert(
    fc.property(fc.uniqueArray(pair, { selector: String }), pair, (pairs, other) => {
      const set = new RowSet(1024);
      for (const [low, high] of pairs) expect(set.add(low, high)).toBe("new");
      for (const [low, high] of pairs) expect(set.has(low, high)).toBe(true);
      expect(set.size).toBe(pairs.length);
      expect(set.has(...other)).toBe(pairs.map(String).includes(String(other)));
    }),
  );
});

it("counts the same row once", () => {
  const set = new RowSet(32);
  expect(set.add(7, 9)).toBe("new");
  expect(set.add(7, 9)).toBe("known");
  expect(set.size).toBe(1);
});

it("stops remembering at its limit and keeps what it has", () => {
  const draw = seededDraw(1);
  const set = new RowSet(64);
  const pairs = Array.from({ length: 100 }, () => [word(draw()), word(draw())] as const);
  const taken = pairs.filter(([low, high]) => set.add(low, high) === "new");
  expect(taken).toHaveLength(32);
  expect(set.add(1, 1)).toBe("full");
  for (const [low, high] of taken) expect(set.add(low, high)).toBe("known");
});

it("goes on from its state", () => {
  const set = new RowSet(64);
  set.add(1, 2);
  const next = new RowSet(64, set.state());
  expect(next.has(1, 2)).toBe(true);
  next.add(3, 4);
  expect(set.has(3, 4)).toBe(false);
});

function word(draw: number): number {
  return ((draw * 2 ** 32) | 1) >>> 0;
}
