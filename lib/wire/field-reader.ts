import { Failure } from "#core/failure.ts";
import { cachedText, cachedTextBytesMax } from "./text-cache.ts";

/** Protobuf wire types. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 };

const groupDepthMax = 16;
/** Nothing of ours is in groups, and what is in one can only be passed over field by field. */
const groupBytesMax = 64 * 1024;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Walks over the fields of one encoded protobuf message without decoding it. Throws a Failure
 * `invalid-argument` that names the byte where the message stops making sense.
 *
 * After `next()` has said that there is a field, take its value by exactly one of the reading
 * methods, or `skip()` it.
 */
export class FieldReader {
  /** Of the field `next()` came to. */
  number = 0;
  wire = 0;
  readonly #bytes: Uint8Array;
  /** What the message is called where it makes no sense. */
  readonly #what: string;
  #end: number;
  #at: number;

  constructor(bytes: Uint8Array, what: string = "the request", from: number = 0) {
    this.#bytes = bytes;
    this.#what = what;
    this.#at = from;
    this.#end = bytes.byteLength;
  }

  /** Where the next thing to be read begins. */
  get at(): number {
    return this.#at;
  }

  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#uint32();
    this.number = tag >>> 3;
    this.wire = tag & 7;
    if (this.number === 0) this.#malformed("field number 0");
    return true;
  }

  /** The value of a string field. */
  text(name: string): string {
    const from = this.#span(name);
    return textOf(this.#bytes, from, this.#at, name);
  }

  /** The value of a bytes field: a view of the message. */
  content(name: string): Uint8Array {
    const from = this.#span(name);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + from, this.#at - from);
  }

  /** A reader of the message inside this field. */
  message(name: string): FieldReader {
    const from = this.#span(name);
    const inner = new FieldReader(this.#bytes, this.#what, from);
    inner.#end = this.#at;
    return inner;
  }

  /**
   * Goes into the message inside this field: `next` comes to its fields alone, until `leave` is
   * called with what this returns, once it has come to the last.
   */
  enter(name: string): number {
    const from = this.#span(name);
    const outer = this.#end;
    this.#end = this.#at;
    this.#at = from;
    return outer;
  }

  leave(outer: number): void {
    this.#end = outer;
  }

  /** An unsigned integer of at most 53 bits, which is what counts and sizes have. */
  integer(name: string): number {
    this.#expect(wireType.varint, name);
    return this.#integer(name);
  }

  flag(name: string): boolean {
    return this.integer(name) !== 0;
  }

  /** Adds the values of a repeated field of integers, packed or one of them. */
  integers(name: string, values: number[], countMax: number): void {
    if (this.wire === wireType.varint) values.push(this.#integer(name));
    else {
      const outer = this.enter(name);
      while (this.#at < this.#end && values.length <= countMax) values.push(this.#integer(name));
      this.leave(outer);
    }
    if (values.length > countMax) this.#malformed(`${name} has more than ${countMax} values`);
  }

  /** The 64 bits of a varint field, unsigned. */
  bits64(name: string): bigint {
    this.#expect(wireType.varint, name);
    return this.packed64();
  }

  /** The 64 bits of the next value, unsigned, where the bytes are a packed field's. */
  packed64(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return this.#malformed("a number of more than 10 bytes");
  }

  /** Passes over the value, groups with all that is in them. */
  skip(): void {
    const from = this.#at;
    let depth = this.wire === wireType.groupStart ? 1 : 0;
    if (depth === 0) this.#skipValue(this.wire);
    while (depth > 0) {
      const tag = this.#uint32();
      const wire = tag & 7;
      if (wire === wireType.groupStart) depth += 1;
      else if (wire === wireType.groupEnd) depth -= 1;
      else this.#skipValue(wire);
      if (depth > groupDepthMax) this.#malformed(`groups nested deeper than ${groupDepthMax}`);
      if (this.#at - from > groupBytesMax) this.#malformed(`a group over ${groupBytesMax} bytes`);
    }
  }

  #skipValue(wire: number): void {
    if (wire === wireType.varint) this.#skipVarint();
    else if (wire === wireType.fixed64) this.#advance(8);
    else if (wire === wireType.bytes) this.#advance(this.#uint32());
    else if (wire === wireType.fixed32) this.#advance(4);
    else this.#malformed(`wire type ${wire} where a field should begin`);
  }

  /** Passes over a field of bytes and says where they began; they end where the next one begins. */
  #span(name: string): number {
    this.#expect(wireType.bytes, name);
    const length = this.#uint32();
    const from = this.#at;
    this.#advance(length);
    return from;
  }

  #expect(wire: number, name: string): void {
    if (this.wire === wire) return;
    this.#malformed(`${name} has wire type ${this.wire}, expected ${wire}`);
  }

  #advance(length: number): void {
    if (length > this.#end - this.#at) {
      this.#malformed(`${length} bytes announced, ${this.#end - this.#at} left`);
    }
    this.#at += length;
  }

  #byte(): number {
    if (this.#at >= this.#end) this.#malformed("it ends inside a number");
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }

  #skipVarint(): void {
    for (let count = 0; count < 10; count += 1) if (this.#byte() < 128) return;
    this.#malformed("a number of more than 10 bytes");
  }

  #integer(name: string): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte >= 128) continue;
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    return this.#malformed(`${name} has more than 53 bits`);
  }

  /** A varint of at most 32 bits, as tags and lengths are. */
  #uint32(): number {
    const only = this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : 128;
    if (only < 128) {
      this.#at += 1;
      return only;
    }
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) {
        if (value > 0xffff_ffff) break;
        return value;
      }
    }
    return this.#malformed("a tag or length of more than 32 bits");
  }

  #malformed(reason: string): never {
    throw new Failure(
      "invalid-argument",
      `${this.#what} is not a valid protobuf message: ${reason} (at byte ${this.#at})`,
    );
  }
}

function textOf(bytes: Uint8Array, from: number, end: number, name: string): string {
  if (end - from <= cachedTextBytesMax) {
    const text = cachedText(bytes, from, end);
    if (text !== undefined) return text;
  }
  try {
    return utf8.decode(bytes.subarray(from, end));
  } catch {
    throw new Failure("invalid-argument", `${name} is not valid UTF-8`);
  }
}
