import { TokenCounts } from "#core/text/token-counts.ts";
import { unknownShare, Vocabulary } from "#core/text/vocabulary.ts";
import type { Place } from "../bulk/format.ts";
import type { FileColumn } from "./column.ts";
import { openPlace } from "./open-place.ts";
import { textIn, type UnknownShares } from "./reduced-value.ts";

/** Of texts whose unknown tokens are to be counted, by the columns they stand in. */
export type CountedTokens = ReadonlyMap<string, TokenCounts>;

export type ReadingProgress = (share: number | undefined, text: string) => void;

/** Reads a file to its end and counts the tokens in it, where any of its columns needs that. */
export async function countTokens(
  place: Place,
  columns: readonly FileColumn[],
  onProgress: ReadingProgress,
): Promise<CountedTokens> {
  const counts = new Map(tokenTitles(columns).map((title) => [title, new TokenCounts()]));
  if (counts.size === 0) return counts;
  const table = await openPlace(place);
  for await (const batch of table.rows(0)) {
    for (const row of batch) {
      for (const [title, counted] of counts) {
        const text = textIn(row[title]);
        if (text !== null) counted.add(text);
      }
    }
    onProgress(table.share(), `reading the words of ${place.path}`);
  }
  return counts;
}

/** Each of the counted texts by the vocabulary of all others. */
export function sharesAmongOthers(counts: CountedTokens): UnknownShares {
  return new Map(
    [...counts].map(([title, counted]) => [title, (text) => counted.unknownAmongOthers(text)]),
  );
}

/** Other texts by the vocabulary of those that were counted. */
export function sharesByVocabulary(counts: CountedTokens): UnknownShares {
  return new Map(
    [...counts].map(([title, counted]) => {
      const vocabulary = new Vocabulary(counted.vocabulary());
      return [title, (text) => unknownShare(text, vocabulary)];
    }),
  );
}

function tokenTitles(columns: readonly FileColumn[]): string[] {
  return columns.flatMap((column) => {
    const reduced = column.type === "number" ? column.reduced : undefined;
    return reduced?.kind === "text" && reduced.reducer === "unknown" ? [column.title] : [];
  });
}
