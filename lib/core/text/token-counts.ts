import { TokenReader } from "./tokens.ts";
import { vocabularyTokensMax } from "./vocabulary.ts";

/** Beyond so many different tokens those that have been seen only once are forgotten. */
const differentMax = 2 ** 21;
/** A token that was seen once may be a slip. */
const seenMin = 2;

export type TokenCountsOptions = {
  readonly differentMax?: number;
  readonly vocabularyMax?: number;
};

/**
 * How often each token occurs in the texts a model is made from. Its memory is bounded: of texts
 * with millions of different tokens, counts of rare ones are too low.
 */
export class TokenCounts {
  readonly #counts = new Map<string, number>();
  readonly #reader = new TokenReader();
  readonly #differentMax: number;
  readonly #vocabularyMax: number;
  #ranked: readonly Ranked[] | undefined;

  constructor(options: TokenCountsOptions = {}) {
    this.#differentMax = options.differentMax ?? differentMax;
    this.#vocabularyMax = options.vocabularyMax ?? vocabularyTokensMax;
  }

  add(text: string): void {
    this.#ranked = undefined;
    const reader = this.#reader;
    for (reader.open(text); reader.next(); ) {
      const { token } = reader;
      this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    }
    for (let least = 1; this.#counts.size > this.#differentMax; least += 1) this.#forget(least);
  }

  /** The most frequent tokens that have been seen twice, the most frequent first. */
  vocabulary(): string[] {
    return this.#rank()
      .slice(0, this.#vocabularyMax)
      .map(({ token }) => token);
  }

  /**
   * The share of the tokens of a text that was counted which the vocabulary of all other texts does
   * not have; NaN where it has no token. To the vocabulary of all texts none of its tokens is new
   * that occurs in it twice: of texts to come, that share would be too low.
   */
  unknownAmongOthers(text: string): number {
    const own = new Map<string, number>();
    const reader = this.#reader;
    let tokens = 0;
    for (reader.open(text); reader.next(); tokens += 1) {
      const { token } = reader;
      own.set(token, (own.get(token) ?? 0) + 1);
    }
    // The first one left out; that it, too, may be rarer among the others is let go.
    const rival = this.#rank()[this.#vocabularyMax];
    let unknown = 0;
    for (const [token, count] of own) {
      const others = { token, count: (this.#counts.get(token) ?? 0) - count };
      const isKnown =
        others.count >= seenMin && (rival === undefined || byRank(others, rival) <= 0);
      if (!isKnown) unknown += count;
    }
    return tokens === 0 ? Number.NaN : unknown / tokens;
  }

  #rank(): readonly Ranked[] {
    this.#ranked ??= [...this.#counts]
      .flatMap(([token, count]) => (count >= seenMin ? [{ token, count }] : []))
      .sort(byRank)
      .slice(0, this.#vocabularyMax + 1);
    return this.#ranked;
  }

  #forget(most: number): void {
    for (const [token, count] of this.#counts) if (count <= most) this.#counts.delete(token);
  }
}

type Ranked = { readonly token: string; readonly count: number };

/** Among equally frequent ones the order is any that is always the same. */
function byRank(one: Ranked, other: Ranked): number {
  return (
    other.count - one.count || (one.token < other.token ? -1 : Number(one.token > other.token))
  );
}
