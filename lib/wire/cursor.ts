import { Failure } from "#core/failure.ts";
import { decodeText } from "./decode-text.ts";

/** Protobuf wire types. */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 };

const groupDepthMax = 16;
/** Nothing of ours is in groups, and what is in one can only be passed over field by field. */
const groupBytesMax = 64 * 1024;
const varintBytesMax = 10;
const upperHalf = 2 ** 32;
/** The upper half of the largest number of 53 bits. */
const highMax = 2 ** 21 - 1;

/**
 * A place in an encoded protobuf message, which readers move over it without an object for each
 * message inside: `open` and `enter` narrow it to one and `leave` widens it again.
 *
 * 1. `next()` says whether there is another field and sets `number` and `wire`.
 * 2. The field's value is then taken by exactly one of the reading methods, or `skip()`ped.
 *
 * Throws an invalid-argument Failure that begins with `what` and names the byte where the message
 * stops making sense.
 */
export class Cursor {
  /** Of the field `next()` came to. */
  number = 0;
  wire = 0;
  /** Where the next thing to be read begins, and where the innermost message entered ends. */
  at = 0;
  end: number;
  /** The upper 32 bits of the number `varint` read last. */
  high = 0;
  readonly bytes: Uint8Array;
  readonly #what: string;

  constructor(bytes: Uint8Array, what: string = "the request is not a valid protobuf message") {
    this.bytes = bytes;
    this.end = bytes.byteLength;
    this.#what = what;
  }

  next(): boolean {
    if (this.at >= this.end) return false;
    const first = this.bytes[this.at] as number;
    let tag = first;
    if (first < 128) this.at += 1;
    else tag = this.#length();
    this.number = tag >>> 3;
    this.wire = tag & 7;
    if (this.number === 0) this.malformed("field number 0");
    return true;
  }

  /** Narrows to the message inside the field; gives back what `leave` needs. */
  open(name: string): number {
    const from = this.span(name);
    return this.enter(from, this.at);
  }

  /** Narrows to a range of bytes, often that of a `span()`; gives back what `leave` needs. */
  enter(from: number, end: number): number {
    const outer = this.end;
    this.at = from;
    this.end = end;
    return outer;
  }

  /** Goes on behind what was entered. */
  leave(outer: number): void {
    this.at = this.end;
    this.end = outer;
  }

  /** Passes over a field of bytes and gives back where they begin; they end at `at`. */
  span(name: string): number {
    this.expect(wireType.bytes, name);
    const length = this.#length();
    const from = this.at;
    this.#advance(length);
    return from;
  }

  /** The value of a string field. */
  text(name: string): string {
    const from = this.span(name);
    const text = decodeText(this.bytes, from, this.at);
    return text ?? this.malformed(`${name} is not valid UTF-8`);
  }

  /** The value of a bytes field: a view of the message. */
  content(name: string): Uint8Array {
    const from = this.span(name);
    const { bytes, at } = this;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + from, at - from);
  }

  /** An unsigned integer of at most 53 bits, which is what counts and sizes have. */
  integer(name: string): number {
    this.expect(wireType.varint, name);
    return this.#integer(name);
  }

  flag(name: string): boolean {
    return this.integer(name) !== 0;
  }

  /** Adds the values of a repeated field of integers, packed or one of them. */
  integers(name: string, values: number[], countMax: number): void {
    if (this.wire === wireType.varint) values.push(this.#integer(name));
    else {
      const outer = this.open(name);
      while (this.at < this.end && values.length <= countMax) values.push(this.#integer(name));
      this.leave(outer);
    }
    if (values.length > countMax) this.malformed(`${name} has more than ${countMax} values`);
  }

  /** The 64 bits of a varint field, unsigned. */
  bits64(name: string): bigint {
    this.expect(wireType.varint, name);
    return this.varint64();
  }

  /** All 64 bits of a number, unsigned. */
  varint64(): bigint {
    const low = this.varint() >>> 0;
    return (BigInt(this.high >>> 0) << 32n) | BigInt(low);
  }

  /** The lower 32 bits of a number, signed; `high` has the upper ones. */
  varint(): number {
    const { bytes, end } = this;
    let at = this.at;
    let low = 0;
    let high = 0;
    for (let index = 0; index < varintBytesMax; index += 1) {
      if (at >= end) break;
      const byte = bytes[at] as number;
      at += 1;
      const part = byte & 127;
      if (index < 4) low |= part << (7 * index);
      else if (index === 4) {
        low |= part << 28;
        high = part >>> 4;
      } else if (index < 9) high |= part << (7 * index - 32);
      else high |= part << 31;
      if (byte < 128) {
        this.at = at;
        this.high = high;
        return low;
      }
    }
    return this.malformed(at >= end ? "it ends inside a number" : "a number of more than 10 bytes");
  }

  /** Where the 4 or 8 bytes of a field of that fixed size begin. */
  fixed(size: number): number {
    const from = this.at;
    this.#advance(size);
    return from;
  }

  /** Throws where the field is of another kind than its message declares. */
  expect(wire: number, name: string): void {
    if (this.wire !== wire) {
      this.malformed(`${name} has wire type ${this.wire}, expected ${wire}`);
    }
  }

  /** Passes over the value, groups with all that is in them. */
  skip(): void {
    const from = this.at;
    let depth = this.wire === wireType.groupStart ? 1 : 0;
    if (depth === 0) this.#skipValue(this.wire);
    while (depth > 0) {
      const wire = this.#length() & 7;
      if (wire === wireType.groupStart) depth += 1;
      else if (wire === wireType.groupEnd) depth -= 1;
      else this.#skipValue(wire);
      if (depth > groupDepthMax) this.malformed(`groups nested deeper than ${groupDepthMax}`);
      if (this.at - from > groupBytesMax) this.malformed(`a group over ${groupBytesMax} bytes`);
    }
  }

  malformed(reason: string): never {
    throw new Failure("invalid-argument", `${this.#what}: ${reason} (at byte ${this.at})`);
  }

  #integer(name: string): number {
    const only = this.at < this.end ? (this.bytes[this.at] as number) : 128;
    if (only < 128) {
      this.at += 1;
      return only;
    }
    const low = this.varint() >>> 0;
    const high = this.high >>> 0;
    if (high > highMax) this.malformed(`${name} has more than 53 bits`);
    return high * upperHalf + low;
  }

  #skipValue(wire: number): void {
    if (wire === wireType.bytes) this.#advance(this.#length());
    else if (wire === wireType.varint) this.varint();
    else if (wire === wireType.fixed64) this.#advance(8);
    else if (wire === wireType.fixed32) this.#advance(4);
    else this.malformed(`wire type ${wire} where a field should begin`);
  }

  #advance(length: number): void {
    if (length > this.end - this.at) {
      this.malformed(`${length} bytes announced, ${this.end - this.at} left`);
    }
    this.at += length;
  }

  /** A tag or length: a number of at most 32 bits, unsigned. */
  #length(): number {
    const only = this.at < this.end ? (this.bytes[this.at] as number) : 128;
    if (only < 128) {
      this.at += 1;
      return only;
    }
    const low = this.varint() >>> 0;
    if (this.high !== 0) this.malformed("a tag or length of more than 32 bits");
    return low;
  }
}
