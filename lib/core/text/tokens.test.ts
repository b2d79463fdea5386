import fc from "fast-check";
import { expect, it } from "vitest";
import { textUnitsMax, tokenBytesMax, tokensOf } from "./tokens.ts";

it.each([
  ["Hello, WORLD: don't 123abc", ["hello", "world", "don", "t", "123abc"]],
  ["ñandú NAÏVE Straße ΟΔΟΣ", ["ñandú", "naïve", "straße", "οδος"]],
  ["cafe\u0301 हिन्दी", ["cafe\u0301", "हिन्दी"]],
  ["東京タワーへ", ["東", "京", "タ", "ワ", "ー", "へ"]],
  ["กำลัง", ["ก", "ำ", "ลั", "ง"]],
  ["日本語and more", ["日", "本", "語", "and", "more"]],
  ["한국어 문장", ["한국어", "문장"]],
  ["𝒳𝒴 🙂\ufe0f ok 👩‍🚀", ["𝒳𝒴", "ok"]],
  ["\ud800x\udc00", ["x"]],
  ["\u0301mark first", ["mark", "first"]],
  ["", []],
  [" .,-", []],
] as const)("%j has the tokens %j", (text, tokens) => {
  expect(tokensOf(text)).toEqual(tokens);
});

it("cuts a long token at a character", () => {
  expect(tokensOf(`${"x".repeat(1000)} y`)).toEqual(["x".repeat(tokenBytesMax), "y"]);
  expect(tokensOf("é".repeat(100))).toEqual(["é".repeat(tokenBytesMax / 2)]);
  expect(tokensOf("ह".repeat(100))).toEqual(["ह".repeat(Math.floor(tokenBytesMax / 3))]);
});

it("reads the beginning of a long text", () => {
  expect(tokensOf("ab ".repeat(textUnitsMax))).toHaveLength(Math.ceil(textUnitsMax / 3));
});

it("finds what a regular expression finds", () => {
  const scripts = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"];
  const unspaced = scripts.map((script) => `\\p{scx=${script}}`).join("");
  const letter = `(?![${unspaced}])[\\p{L}\\p{N}]`;
  const alone = `(?=[${unspaced}])[\\p{L}\\p{N}]\\p{M}*`;
  const pattern = new RegExp(`${alone}|${letter}(?:${letter}|\\p{M})*`, "gu");
  const characters = fc.constantFrom(..."aZé1 .-\n\u0301ßİ東ー京กำहि🙂𝒳\ud83d\ude42\ufe0f한\u200d");
  const texts = fc.array(
    fc.oneof(
      characters,
      fc.integer({ min: 1, max: 0x10ffff }).map((code) => String.fromCodePoint(code)),
    ),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join("").toWellFormed();
      const found = tokensOf(text).filter((token) => token.length < 16);
      const expected = text.toLowerCase().match(pattern) ?? [];
      expect(found).toEqual(expected.filter((token) => token.length < 16));
    }),
  );
});
