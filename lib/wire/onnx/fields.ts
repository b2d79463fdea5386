import { Cursor, wireType } from "../cursor.ts";
import { writeVarint } from "../varint.ts";

/**
 * One field of an encoded message: where it lies, and for messages, texts and bytes what it holds.
 */
export type Field = {
  readonly number: number;
  /** Of the whole field, tag and length included. */
  readonly start: number;
  readonly end: number;
  /** A view, not a copy; undefined for numbers. */
  readonly content: Uint8Array | undefined;
  /** 0 for anything but a plain integer. */
  readonly integer: bigint;
};

const notProtobuf = "it is not a valid protobuf message";
const prefixBytesMax = 10;

/**
 * Walks over the fields of a message without decoding what is in them, so that gigabytes of weights
 * cost nothing. Throws a Failure where the bytes are no message.
 */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const cursor = new Cursor(message, notProtobuf);
  for (let start = 0; cursor.next(); start = cursor.at) {
    const { number, wire } = cursor;
    let content: Uint8Array | undefined;
    let integer = 0n;
    if (wire === wireType.bytes) content = cursor.content("a field");
    else if (wire === wireType.varint) integer = BigInt.asIntN(64, cursor.bits64("a field"));
    else cursor.skip();
    yield { number, start, end: cursor.at, content, integer };
  }
}

/** What the last field of this number holds, the one that counts; undefined where there is none. */
export function contentOf(message: Uint8Array, number: number): Uint8Array | undefined {
  return contentsOf(message, number).at(-1);
}

/** What each field of this number holds. */
export function contentsOf(message: Uint8Array, number: number): Uint8Array[] {
  const contents: Uint8Array[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number === number && field.content !== undefined) contents.push(field.content);
  }
  return contents;
}

/** Signed integers of a repeated field, packed or one by one. */
export function integersOf(message: Uint8Array, number: number): bigint[] {
  const integers: bigint[] = [];
  for (const field of fieldsOf(message)) {
    if (field.number !== number) continue;
    if (field.content === undefined) integers.push(field.integer);
    else integers.push(...packedIntegers(field.content));
  }
  return integers;
}

/** The text of a field; empty where there is none. Throws a TypeError for what is not UTF-8. */
export function textOf(message: Uint8Array, number: number): string {
  return decodeText(contentOf(message, number) ?? new Uint8Array());
}

export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** A field of a message, text or bytes, encoded. */
export function encodeField(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return join([lengthPrefix(number, bytes.length), bytes]);
}

export function encodeInteger(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(2 * prefixBytesMax);
  return bytes.subarray(0, writeVarint(bytes, writeVarint(bytes, 0, number << 3), value));
}

/** The tag and length that come before `bytes` of a message, text or bytes in field `number`. */
export function lengthPrefix(number: number, bytes: number): Uint8Array {
  const prefix = Buffer.alloc(2 * prefixBytesMax);
  const tagBytes = writeVarint(prefix, 0, (number << 3) | wireType.bytes);
  return prefix.subarray(0, writeVarint(prefix, tagBytes, bytes));
}

export function join(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

function* packedIntegers(packed: Uint8Array): Generator<bigint> {
  const cursor = new Cursor(packed, notProtobuf);
  while (cursor.at < packed.length) yield BigInt.asIntN(64, cursor.varint64());
}
