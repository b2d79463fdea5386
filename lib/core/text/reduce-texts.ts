import { unknownShare, type Vocabulary } from "./vocabulary.ts";

/** Characters beyond it are counted roughly. */
const readBytesMax = 49_152;

/** Some texts as numbers; NaN where a text is empty, or has no token to be unknown. */
export type ReducedTexts = {
  /** Unicode code points; beyond the first 48 KiB, UTF-16 units. */
  readonly length: Float64Array;
  /** The share of tokens that the vocabulary does not have. Empty without one. */
  readonly unknown: Float64Array;
};

/**
 * Reduces the texts of some rows, in the order they are named: row r is at `offset + r · stride`.
 */
export function reduceTexts(
  texts: ArrayLike<unknown>,
  { offset, stride }: { readonly offset: number; readonly stride: number },
  { rows, vocabulary }: { rows: readonly number[]; vocabulary: Vocabulary | undefined },
): ReducedTexts {
  const length = new Float64Array(rows.length);
  const unknown = new Float64Array(vocabulary === undefined ? 0 : rows.length);
  for (let index = 0; index < rows.length; index += 1) {
    const text = texts[offset + (rows[index] as number) * stride] as string;
    length[index] = textLength(text);
    if (vocabulary !== undefined) unknown[index] = unknownShare(text, vocabulary);
  }
  return { length, unknown };
}

const encoder = new TextEncoder();
let bytes: Uint8Array | undefined;

/** NaN for the empty text, which files cannot tell from a missing one. */
export function textLength(text: string): number {
  const units = text.length;
  if (units === 0) return Number.NaN;
  bytes ??= new Uint8Array(readBytesMax);
  const { read, written } = encoder.encodeInto(text, bytes);
  if (read === written) return units;
  let length = units - read;
  for (let at = 0; at < written; at += 1) {
    // Every character has one byte that does not continue another.
    if (((bytes[at] as number) & 0xc0) !== 0x80) length += 1;
  }
  return length;
}
