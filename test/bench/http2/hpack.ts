/**
 * Header blocks of HTTP/2 (RFC 7541), as far as a load generator needs them. A request's block is
 * made twice: the first one of a connection teaches the server the headers, all others name them by
 * number. Blocks that are read must come without a dynamic table, which is asked for by a
 * SETTINGS_HEADER_TABLE_SIZE of 0; values are texts of printable characters, as gRPC's are.
 */
import { Failure } from "#core/failure.ts";

export type Header = readonly [name: string, value: string];

export type RequestBlocks = { readonly first: Buffer; readonly later: Buffer };

const staticNames: Readonly<Record<string, number>> = {
  ":authority": 1,
  ":path": 4,
  "content-type": 31,
};
const methodPost = 0x83;
const schemeHttp = 0x86;
const staticEntries = 61;

/** Blocks of a POST over plain text with these headers, `:path` and `:authority` among them. */
export function requestBlocks(headers: readonly Header[]): RequestBlocks {
  const learnt = headers.map((header) => encodeLiteral(0x40, 6, header));
  const first = [methodPost, schemeHttp, ...learnt.flatMap((bytes) => [...bytes])];
  // The header that came last has the lowest number.
  const numbers = headers.map((_, index) => staticEntries + headers.length - index);
  const later = [methodPost, schemeHttp, ...numbers.flatMap((one) => encodeInteger(0x80, 7, one))];
  return { first: Buffer.from(first), later: Buffer.from(later) };
}

/** A block of literals that nobody has to remember. `:status` must be 200. */
export function encodeHeaders(headers: readonly Header[]): Buffer {
  return Buffer.concat(
    headers.map((header) =>
      header[0] === ":status" ? Buffer.of(0x88) : encodeLiteral(0, 4, header),
    ),
  );
}

function encodeLiteral(pattern: number, bits: number, [name, value]: Header): Buffer {
  const index = staticNames[name] ?? 0;
  const start = encodeInteger(pattern, bits, index);
  return Buffer.from([...start, ...(index === 0 ? encodeText(name) : []), ...encodeText(value)]);
}

function encodeText(text: string): number[] {
  return [...encodeInteger(0, 7, text.length), ...Buffer.from(text, "latin1")];
}

function encodeInteger(pattern: number, bits: number, value: number): number[] {
  const most = 2 ** bits - 1;
  if (value < most) return [pattern | value];
  const bytes = [pattern | most];
  let rest = value - most;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return [...bytes, rest];
}

/** The headers of a block; those whose name is in the static table are left out. */
export function decodeHeaders(block: Uint8Array): Header[] {
  const reader = new BlockReader(block);
  const headers: Header[] = [];
  while (!reader.isAtEnd) {
    const byte = reader.peek();
    if (byte >= 0x80) reader.integer(7);
    else if ((byte & 0xe0) === 0x20) reader.integer(5);
    else {
      const index = reader.integer((byte & 0x40) === 0 ? 4 : 6);
      const name = index === 0 ? reader.text() : undefined;
      const value = reader.text();
      if (name !== undefined) headers.push([name, value]);
    }
  }
  return headers;
}

class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Failure("internal", "a header block ends too early");
    return byte;
  }

  integer(bits: number): number {
    const most = 2 ** bits - 1;
    let value = this.#next() & most;
    if (value < most) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#next();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  text(): string {
    const isHuffman = this.peek() >= 0x80;
    const length = this.integer(7);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return isHuffman ? decodeHuffman(bytes) : Buffer.from(bytes).toString("latin1");
  }

  #next(): number {
    const byte = this.peek();
    this.#at += 1;
    return byte;
  }
}

/**
 * The printable characters by the length of their code, in the order of the codes, and the first
 * code of each length (RFC 7541, appendix B).
 */
const huffmanCodes: readonly (readonly [bits: number, first: number, characters: string])[] = [
  [5, 0x0, "012aceiost"],
  [6, 0x14, " %-./3456789=A_bdfghlmnpru"],
  [7, 0x5c, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"],
  [8, 0xf8, "&*,;XZ"],
  [10, 0x3f8, '!"()?'],
  [11, 0x7fa, "'+|"],
  [12, 0xffa, "#>"],
  [13, 0x1ff9, "$@[]~"],
  [14, 0x3ffc, "^}"],
  [15, 0x7ffc, "<`{"],
  [19, 0x7fff0, "\\"],
];

const characters: ReadonlyMap<number, string> = new Map(
  huffmanCodes.flatMap(([bits, first, all]) =>
    [...all].map((character, index) => [keyOf(bits, first + index), character] as const),
  ),
);
const longestCode = 19;

function decodeHuffman(bytes: Uint8Array): string {
  let text = "";
  let code = 0;
  let bits = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = (code << 1) | ((byte >> bit) & 1);
      bits += 1;
      const character = characters.get(keyOf(bits, code));
      if (bits > longestCode) throw new Failure("internal", "a header is not plain text");
      if (character === undefined) continue;
      text += character;
      code = 0;
      bits = 0;
    }
  }
  return text;
}

function keyOf(bits: number, code: number): number {
  return bits * 2 ** 20 + code;
}
