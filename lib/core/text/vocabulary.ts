import { TokenReader } from "./tokens.ts";

/** Tokens of a vocabulary. */
export const vocabularyTokensMax = 65_536;

/**
 * The tokens of the data a model was made from, known again by 63 bits of hash: 16 to 32 bytes for
 * each, and hardly ever is a strange one taken for one of them.
 */
export class Vocabulary {
  readonly size: number;
  /** Low and high half of each slot, side by side: they are looked at together. */
  readonly #halves: Int32Array;
  readonly #mask: number;

  constructor(tokens: readonly string[]) {
    this.size = tokens.length;
    const slots = 2 ** Math.ceil(Math.log2(Math.max(2, tokens.length * 2)));
    this.#mask = slots - 1;
    this.#halves = new Int32Array(slots * 2);
    const bytes = new TextEncoder();
    for (const token of tokens) this.#add(bytes.encode(token));
  }

  /** Whether `bytes` from `start` to before `end` spell one of the tokens. */
  has(bytes: Uint8Array, start: number, end: number): boolean {
    let low = lowStart;
    let high = highStart;
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      low = Math.imul(low ^ byte, lowFactor);
      high = Math.imul(high ^ byte, highFactor);
    }
    return this.#halves[this.#placeOf(spread(low), high | 1) + 1] !== 0;
  }

  #add(bytes: Uint8Array): void {
    let low = lowStart;
    let high = highStart;
    for (const byte of bytes) {
      low = Math.imul(low ^ byte, lowFactor);
      high = Math.imul(high ^ byte, highFactor);
    }
    const place = this.#placeOf(spread(low), high | 1);
    this.#halves[place] = spread(low);
    this.#halves[place + 1] = high | 1;
  }

  /** Where these are, or would be: half of the slots are free. */
  #placeOf(low: number, high: number): number {
    const halves = this.#halves;
    const mask = this.#mask;
    let slot = low & mask;
    for (;;) {
      const found = halves[slot * 2 + 1];
      if (found === 0 || (found === high && halves[slot * 2] === low)) return slot * 2;
      slot = (slot + 1) & mask;
    }
  }
}

// FNV-1a's start and prime, and others of the same kind: odd, so that nothing is lost.
const lowStart = 0x811c9dc5 | 0;
const lowFactor = 0x01000193;
const highStart = 0x2545f491;
const highFactor = 0x9e3779b1 | 0;

/** Every bit in has its say in the lowest ones, which choose the slot. */
function spread(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return once ^ (once >>> 13);
}

/** Made when the first text comes; texts are read one after the other. */
let shared: TokenReader | undefined;

/** The share of a text's tokens that a vocabulary does not have; NaN where it has no token. */
export function unknownShare(text: string, vocabulary: Vocabulary): number {
  shared ??= new TokenReader();
  const reader = shared;
  let [tokens, unknown] = [0, 0];
  reader.open(text);
  while (reader.next()) {
    tokens += 1;
    if (!vocabulary.has(reader.bytes, reader.start, reader.end)) unknown += 1;
  }
  return tokens === 0 ? Number.NaN : unknown / tokens;
}
