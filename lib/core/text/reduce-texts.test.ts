import fc from "fast-check";
import { expect, it } from "vitest";
import { reduceTexts, textLength } from "./reduce-texts.ts";
import { Vocabulary } from "./vocabulary.ts";

it("counts code points", () => {
  expect(["a", "é", "东京", "🙂", "e\u0301", "İ"].map(textLength)).toEqual([1, 1, 2, 1, 2, 1]);
  expect(textLength("")).toBeNaN();
  const codes = fc.array(fc.integer({ min: 1, max: 0x10ffff }), { minLength: 1 });
  fc.assert(
    fc.property(codes, (list) => {
      const text = String.fromCodePoint(...list).toWellFormed();
      expect(textLength(text)).toBe(Array.from(text).length);
    }),
  );
});

it("counts the end of a long text, too", () => {
  expect(textLength("a".repeat(1_000_000))).toBe(1_000_000);
  expect(textLength("é".repeat(1_000_000))).toBe(1_000_000);
});

it("reduces the rows it is told, in their order", () => {
  const texts = ["a b", "skipped", "b", "skipped", "", "skipped"];
  const place = { offset: 0, stride: 2 };
  const vocabulary = new Vocabulary(["b"]);
  const { length, unknown } = reduceTexts(texts, place, { rows: [1, 0, 2], vocabulary });
  expect([...length]).toEqual([1, 3, Number.NaN]);
  expect([...unknown]).toEqual([0, 0.5, Number.NaN]);
  const without = reduceTexts(texts, place, { rows: [0], vocabulary: undefined });
  expect([[...without.length], [...without.unknown]]).toEqual([[3], []]);
});
