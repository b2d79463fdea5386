/**
 * Writes protobuf from its end to its beginning: when a message's length has to be written, the
 * message has been, and nothing is measured beforehand or moved afterwards. So fields are written
 * in falling order, and what is in a message before the message itself. Field numbers are at most
 * 15, whose tags are one byte.
 */
import { varintSize, writeVarint } from "../varint.ts";

const wire = { varint: 0, fixed64: 1, bytes: 2 } as const;
const upperHalf = 2 ** 32;
const nanosPerMicro = 1000;
const shortTextMax = 64;

export class BackwardWriter {
  #bytes: Buffer<ArrayBuffer>;
  /** What has been written begins here and ends where the buffer does. */
  #at: number;

  constructor(sizeExpected: number) {
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(64, sizeExpected));
    this.#at = this.#bytes.byteLength;
  }

  /** How many bytes have been written; `message` takes what it was before. */
  get written(): number {
    return this.#bytes.byteLength - this.#at;
  }

  /** All of it; nothing may be written any more. */
  finish(): Buffer<ArrayBuffer> {
    return this.#bytes.subarray(this.#at);
  }

  /** Makes what has been written since `before` the message in this field. */
  message(field: number, before: number): void {
    this.#varint(this.written - before);
    this.#tag(field, wire.bytes);
  }

  /** Bytes that are encoded already, tags and all. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#at);
  }

  text(field: number, value: string): void {
    const size = this.#ascii(value) ?? this.#unicode(value);
    this.#varint(size);
    this.#tag(field, wire.bytes);
  }

  /** The bytes that lower-case hexadecimal digits stand for; nothing for no digits. */
  hex(field: number, digits: string): void {
    const size = digits.length >>> 1;
    if (size === 0) return;
    this.#reserve(size);
    this.#bytes.write(digits, this.#at, "hex");
    this.#varint(size);
    this.#tag(field, wire.bytes);
  }

  /** A whole number; a negative one as its two's complement in 64 bits. */
  integer(field: number, value: number): void {
    if (value >= 0) this.#varint(value);
    else this.#complement(value);
    this.#tag(field, wire.varint);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#bytes.writeDoubleLE(value, this.#at);
    this.#tag(field, wire.fixed64);
  }

  /** Microseconds since 1970 as nanoseconds, of which a double cannot hold today's. */
  nanos(field: number, us: number): void {
    const whole = Math.max(0, Math.round(us));
    if (whole === 0) return;
    const low = (whole % upperHalf) * nanosPerMicro;
    const high = Math.floor(whole / upperHalf) * nanosPerMicro + Math.floor(low / upperHalf);
    this.#reserve(8);
    this.#bytes.writeUInt32LE(low % upperHalf, this.#at);
    this.#bytes.writeUInt32LE(high, this.#at + 4);
    this.#tag(field, wire.fixed64);
  }

  /** Short texts, nearly all plain, are sooner written here than by a call out of JavaScript. */
  #ascii(value: string): number | undefined {
    const size = value.length;
    if (size > shortTextMax) return undefined;
    this.#reserve(size);
    const bytes = this.#bytes;
    const at = this.#at;
    for (let index = 0; index < size; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 127) {
        this.#at += size;
        return undefined;
      }
      bytes[at + index] = code;
    }
    return size;
  }

  #unicode(value: string): number {
    const size = Buffer.byteLength(value);
    this.#reserve(size);
    this.#bytes.write(value, this.#at);
    return size;
  }

  #tag(field: number, type: number): void {
    this.#reserve(1);
    this.#bytes[this.#at] = (field << 3) | type;
  }

  #varint(value: number): void {
    this.#reserve(varintSize(value));
    writeVarint(this.#bytes, this.#at, value);
  }

  #complement(value: number): void {
    let left = BigInt.asUintN(64, BigInt(value));
    this.#reserve(10);
    for (let index = 0; index < 10; index += 1, left >>= 7n) {
      this.#bytes[this.#at + index] = Number(left & 127n) | (index < 9 ? 128 : 0);
    }
  }

  #reserve(size: number): void {
    if (size > this.#at) this.#grow(size);
    this.#at -= size;
  }

  #grow(size: number): void {
    const written = this.finish();
    const grown = Buffer.allocUnsafeSlow(2 * (this.#bytes.byteLength + size));
    this.#at = grown.byteLength - written.byteLength;
    grown.set(written, this.#at);
    this.#bytes = grown;
  }
}
