import { Failure } from "#core/failure.ts";

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
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from: number = 0, end: number = bytes.byteLength) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
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
    const { from, end } = this.#span(name);
    return textOf(this.#bytes, from, end, name);
  }

  /** A reader of the message inside this field. */
  message(name: string): FieldReader {
    const { from, end } = this.#span(name);
    return new FieldReader(this.#bytes, from, end);
  }

  /** The 64 bits of a varint field, unsigned. */
  bits64(name: string): bigint {
    this.#expect(wireType.varint, name);
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

  #span(name: string): { from: number; end: number } {
    this.#expect(wireType.bytes, name);
    const length = this.#uint32();
    const from = this.#at;
    this.#advance(length);
    return { from, end: this.#at };
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

  /** A varint of at most 32 bits, as tags and lengths are. */
  #uint32(): number {
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
      `the request is not a valid protobuf message: ${reason} (at byte ${this.#at})`,
    );
  }
}

/** Names are short and ASCII: building them by the character beats the decoder's fixed cost. */
function textOf(bytes: Uint8Array, from: number, end: number, name: string): string {
  let text = "";
  if (end - from <= 64) {
    for (let at = from; at < end; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= 128) break;
      text += String.fromCharCode(byte);
    }
    if (text.length === end - from) return text;
  }
  try {
    return utf8.decode(bytes.subarray(from, end));
  } catch {
    throw new Failure("invalid-argument", `${name} is not valid UTF-8`);
  }
}
