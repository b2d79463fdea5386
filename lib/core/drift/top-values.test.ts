import fc from "fast-check";
import { expect, it } from "vitest";
import { TopValues } from "./top-values.ts";

it("counts a few texts exactly, the most frequent first", () => {
  const top = new TopValues();
  for (const text of ["b", "a", "b", "c", "b", "a"]) top.add(text, 2);
  expect(top.top()).toEqual([
    { value: "b", rows: 6 },
    { value: "a", rows: 4 },
    { value: "c", rows: 2 },
  ]);
});

it("tells eight, and cuts long ones", () => {
  const top = new TopValues();
  for (let index = 0; index < 40; index += 1) top.add(`text ${index}`, 1);
  top.add("x".repeat(1000), 100);
  expect(top.top()).toHaveLength(8);
  expect(top.top()[0]?.value).toBe(`${"x".repeat(63)}…`);
});

it("finds whatever is more than a sixteenth of all, and never counts it too low", () => {
  const texts = fc.array(fc.integer({ min: 0, max: 40 }).map(String), { maxLength: 200 });
  fc.assert(
    fc.property(texts, (all) => {
      const top = new TopValues();
      const exact = new Map<string, number>();
      for (const text of all) {
        top.add(text, 1);
        exact.set(text, (exact.get(text) ?? 0) + 1);
      }
      const kept = new Map(top.state().map(({ value, rows }) => [value, rows]));
      for (const [text, rows] of exact) {
        if (rows > all.length / 16) expect(kept.get(text)).toBeGreaterThanOrEqual(rows);
        const told = kept.get(text);
        if (told !== undefined) expect(told - rows).toBeLessThanOrEqual(all.length / 16);
      }
    }),
  );
});

it("goes on from its state as if nothing had happened", () => {
  const texts = fc.array(fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"), { maxLength: 60 });
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const [whole, first, second] = [new TopValues(), new TopValues(), new TopValues()];
      for (const text of [...before, ...after]) whole.add(text, 1);
      for (const text of before) first.add(text, 1);
      for (const { value, rows } of first.state()) second.add(value, rows);
      for (const text of after) second.add(text, 1);
      expect(second.state()).toEqual(whole.state());
    }),
  );
});
