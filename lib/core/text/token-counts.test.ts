import fc from "fast-check";
import { expect, it } from "vitest";
import { makeTexts } from "../../../test/support/texts.ts";
import { describeNumber } from "../drift/baseline.ts";
import { prepareFeature } from "../drift/comparison.ts";
import type { NumberHistogram } from "../drift/number-histogram.ts";
import { judgeFeature, type Verdict } from "../drift/verdict.ts";
import { TokenCounts } from "./token-counts.ts";
import { unknownShare, Vocabulary } from "./vocabulary.ts";

it("keeps the most frequent tokens that it has seen twice", () => {
  const counts = new TokenCounts();
  for (const text of ["a b c", "a b", "A d d d"]) counts.add(text);
  expect(counts.vocabulary()).toEqual(["a", "d", "b"]);
  const few = new TokenCounts({ vocabularyMax: 2 });
  for (const text of ["a b c", "a b", "A d d d"]) few.add(text);
  expect(few.vocabulary()).toEqual(["a", "d"]);
});

it("forgets what it saw once where there is too much", () => {
  const counts = new TokenCounts({ differentMax: 3 });
  for (const text of ["a b", "a c", "d e", "a"]) counts.add(text);
  expect(counts.vocabulary()).toEqual(["a"]);
});

it("says of each text what the vocabulary of all others would", () => {
  const word = fc.constantFrom(..."abcdefgh");
  const texts = fc.array(
    fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" ")),
    { minLength: 1, maxLength: 8 },
  );
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 9 }), (all, vocabularyMax) => {
      const counts = new TokenCounts({ vocabularyMax });
      for (const text of all) counts.add(text);
      for (const [at, text] of all.entries()) {
        const others = new TokenCounts({ vocabularyMax });
        for (const other of all.toSpliced(at, 1)) others.add(other);
        const expected = unknownShare(text, new Vocabulary(others.vocabulary()));
        const share = counts.unknownAmongOthers(text);
        expect(share).toBeGreaterThanOrEqual(expected);
        // Where nothing had to be left out, exactly.
        if (vocabularyMax > 7) expect(share).toBe(expected);
      }
    }),
  );
});

/** Verdicts of windows of 500 texts by baselines made in one way or the other. */
function verdicts(language: "one" | "other", isHeldOut: boolean): Verdict[] {
  const training = makeTexts("one", 2000, 1);
  const counts = new TokenCounts();
  for (const text of training) counts.add(text);
  const vocabulary = new Vocabulary(counts.vocabulary());
  const shareOf = isHeldOut
    ? (text: string) => counts.unknownAmongOthers(text)
    : (text: string) => unknownShare(text, vocabulary);
  const values = training.map(shareOf);
  const feature = prepareFeature(describeNumber({ name: "x", dtype: "FP64", values }));
  return Array.from({ length: 20 }, (_, window) => {
    const live = makeTexts(language, 500, 100 + window);
    const histogram = feature.empty() as NumberHistogram;
    const shares = Float64Array.from(live, (text) => unknownShare(text, vocabulary));
    histogram.add(shares, new Uint8Array(0), Uint32Array.from(live.keys()));
    return judgeFeature(feature, histogram, {}).verdict;
  });
}

it("finds texts like those of the training alike, which shares among themselves would not", () => {
  expect(verdicts("one", true).filter((verdict) => verdict !== "ok")).toEqual([]);
  expect(new Set(verdicts("one", false))).toEqual(new Set(["alarm"]));
});

it("alarms on another language", () => {
  expect(new Set(verdicts("other", true))).toEqual(new Set(["alarm"]));
});
