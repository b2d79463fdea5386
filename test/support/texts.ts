import { seededDraw } from "#core/random.ts";

/** Words of languages that do not exist, as frequent as words are (Zipf), some ever so rare. */
const syllables = {
  one: ["ka", "to", "mi", "ren", "sol", "va", "du", "pel", "ix", "or"],
  other: ["ñé", "szú", "hrø", "çal", "wÿb", "grö", "þin", "kœ", "ża", "jõ"],
} as const;
export type Language = keyof typeof syllables;

const wordsOf = 100_000;

/** Texts of 5 to 45 words; every seed gives others. */
export function makeTexts(language: Language, rows: number, seed: number): string[] {
  const draw = seededDraw(seed);
  const parts = syllables[language];
  const word = (rank: number): string => {
    const [high, low] = [Math.floor(rank / parts.length), rank % parts.length];
    return `${high > 0 ? word(high - 1) : ""}${parts[low]}`;
  };
  const text = () => {
    const length = 5 + Math.floor(draw() * 41);
    const words = Array.from({ length }, () => word(Math.floor(wordsOf ** draw() - 1)));
    return `${words.join(" ")}.`;
  };
  return Array.from({ length: rows }, text);
}
