// What of a text counts as a token: runs of letters, digits and the marks upon them, by Unicode's
// properties, in lower case. In scripts that put no spaces between words every letter is a token:
// where words end there is a matter of dictionaries, and one that changes would look like drift.
//
// Texts are read as UTF-8, of which ASCII is the common case: a byte of an array takes a third of
// the time that a unit of a string does.

/** Of longer texts only so many UTF-16 units are read: what is watched is kinds of texts. */
export const textUnitsMax = 16_384;
/** Longer tokens are cut: they are keys or numbers, and no vocabulary has them. */
export const tokenBytesMax = 64;

const Kind = {
  unknown: 0,
  /** Between tokens. */
  gap: 1,
  /** Starts or continues a run. */
  letter: 2,
  /** Continues whatever it follows. */
  mark: 3,
  /** A token by itself. */
  alone: 4,
} as const;

const codePoints = 0x110000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Walks through the tokens of one text after the other. */
export class TokenReader {
  /** By code point, once it has been seen. Pages that nobody touches take no memory. */
  readonly #kinds = new Uint8Array(codePoints);
  /** The text, in lower case: tokens are places in it. */
  readonly bytes: Uint8Array = new Uint8Array(textUnitsMax * 3);
  start = 0;
  end = 0;
  #length = 0;
  /** Where the token ends that may have been cut. */
  #next = 0;
  /** Bytes of the character that was looked at. */
  #width = 1;

  constructor() {
    for (let code = 0; code < 0x80; code += 1) this.#kinds[code] = kindOf(code);
  }

  /** Goes on with another text. */
  open(text: string): void {
    const read = text.length > textUnitsMax ? text.slice(0, textUnitsMax) : text;
    this.#length = encoder.encodeInto(read.toLowerCase(), this.bytes).written;
    this.#next = 0;
  }

  /** Moves on to the next token; false where there is none. */
  next(): boolean {
    const { bytes } = this;
    const kinds = this.#kinds;
    const length = this.#length;
    let at = this.#next;
    while (at < length && kinds[bytes[at] as number] === Kind.gap) at += 1;
    let kind = this.#kindAt(at);
    while (kind !== Kind.letter && kind !== Kind.alone) {
      if (at >= length) return false;
      at += this.#width;
      kind = this.#kindAt(at);
    }
    const start = at;
    at += this.#width;
    let end = at;
    for (;;) {
      if (kind === Kind.letter) {
        const from = at;
        while (at < length && kinds[bytes[at] as number] === Kind.letter) at += 1;
        if (end === from) end = Math.min(at, start + tokenBytesMax);
      }
      const following = this.#kindAt(at);
      if (following !== Kind.mark && !(following === Kind.letter && kind === Kind.letter)) break;
      at += this.#width;
      // Whole characters: once one has found no room, none after it does.
      if (end === at - this.#width && at - start <= tokenBytesMax) end = at;
    }
    this.start = start;
    this.end = end;
    this.#next = at;
    return true;
  }

  /** The token, as a text of its own. */
  get token(): string {
    return decoder.decode(this.bytes.subarray(this.start, this.end));
  }

  /** Beyond the end there is a gap. */
  #kindAt(at: number): number {
    if (at >= this.#length) return Kind.gap;
    const byte = this.bytes[at] as number;
    this.#width = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    const code = byte < 0x80 ? byte : codeAt(this.bytes, at, this.#width);
    const known = this.#kinds[code] as number;
    if (known !== Kind.unknown) return known;
    const kind = kindOf(code);
    this.#kinds[code] = kind;
    return kind;
  }
}

/** The tokens of a text, one after the other. */
export function tokensOf(text: string): string[] {
  const reader = new TokenReader();
  const tokens: string[] = [];
  for (reader.open(text); reader.next(); ) tokens.push(reader.token);
  return tokens;
}

/** Of what an encoder wrote: it is well-formed. */
function codeAt(bytes: Uint8Array, at: number, width: number): number {
  let code = (bytes[at] as number) & (0x7f >> width);
  for (let more = 1; more < width; more += 1) {
    code = (code << 6) | ((bytes[at + more] as number) & 0x3f);
  }
  return code;
}

const word = /[\p{L}\p{N}]/u;
const mark = /\p{M}/u;
const unspacedScripts = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"];
const unspaced = new RegExp(
  `[${unspacedScripts.map((script) => `\\p{scx=${script}}`).join("")}]`,
  "u",
);

function kindOf(code: number): number {
  const character = String.fromCodePoint(code);
  if (mark.test(character)) return Kind.mark;
  if (!word.test(character)) return Kind.gap;
  return unspaced.test(character) ? Kind.alone : Kind.letter;
}
