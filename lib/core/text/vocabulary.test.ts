import fc from "fast-check";
import { expect, it } from "vitest";
import { unknownShare, Vocabulary, vocabularyTokensMax } from "./vocabulary.ts";

it("counts the tokens that it does not have, each time they occur", () => {
  const vocabulary = new Vocabulary(["the", "cat", "東"]);
  expect(unknownShare("The cat. The dog, THE DOG", vocabulary)).toBe(2 / 6);
  expect(unknownShare("東京", vocabulary)).toBe(0.5);
  expect(unknownShare("the", vocabulary)).toBe(0);
  expect(unknownShare("le chat", vocabulary)).toBe(1);
});

it("has no share of a text without tokens", () => {
  expect(unknownShare("", new Vocabulary(["a"]))).toBeNaN();
  expect(unknownShare("?!", new Vocabulary(["a"]))).toBeNaN();
});

it("knows all its tokens and no others, however many", () => {
  const tokens = Array.from({ length: vocabularyTokensMax }, (_, index) => `t${index}`);
  const vocabulary = new Vocabulary(tokens);
  expect(tokens.every((token) => unknownShare(token, vocabulary) === 0)).toBe(true);
  const strange = tokens.map((token) => `${token}x`);
  expect(strange.every((token) => unknownShare(token, vocabulary) === 1)).toBe(true);
});

it("is a set", () => {
  const word = fc.stringMatching(/^[a-z]{1,3}$/);
  fc.assert(
    fc.property(fc.array(word), fc.array(word, { minLength: 1 }), (known, text) => {
      const set = new Set(known);
      const expected = text.filter((each) => !set.has(each)).length / text.length;
      expect(unknownShare(text.join(" "), new Vocabulary(known))).toBe(expected);
    }),
  );
});
