import fc from "fast-check";
import { expect, it } from "vitest";
import { vocabularyTokensMax } from "#core/text/vocabulary.ts";
import { formatVocabulary, parseVocabulary } from "./vocabulary.ts";

it("is a token a line below the name of its feature", () => {
  const tokens = new Map([
    ["review", ["the", "of"]],
    ['a "b"\n', ["東"]],
  ]);
  const text = '# sluice vocabulary 1\n# "review"\nthe\nof\n# "a \\"b\\"\\n"\n東\n';
  expect(formatVocabulary(tokens)).toBe(text);
  expect(parseVocabulary(text)).toEqual(tokens);
});

it("reads what it wrote", () => {
  const token = fc.stringMatching(/^[a-zé東0-9]{1,8}$/u);
  const all = fc.array(fc.tuple(fc.string(), fc.array(token)), { maxLength: 4 });
  fc.assert(
    fc.property(all, (entries) => {
      const tokens = new Map(entries);
      expect(parseVocabulary(formatVocabulary(tokens))).toEqual(tokens);
    }),
  );
});

it.each([
  ["", "first line"],
  ["# sluice vocabulary 2\n", "first line"],
  ["# sluice vocabulary 1\n# x\n", "line 2: not the name"],
  ["# sluice vocabulary 1\nthe\n", "line 2: a token before"],
  ['# sluice vocabulary 1\n# "x"\nthe', "last line"],
  ['# sluice vocabulary 1\n# "x"\n\n', "line 3: not a token"],
  ['# sluice vocabulary 1\n# "x"\n# "x"\n', "line 3"],
  [`# sluice vocabulary 1\n# "x"\n${"a\n".repeat(vocabularyTokensMax + 1)}`, "more than 65536"],
])("refuses %j", (text, problem) => {
  expect(() => parseVocabulary(text)).toThrow(problem);
});
