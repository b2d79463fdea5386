/**
 * Writes one protobuf message into a buffer made for it: its size is worked out first, with the
 * functions that end in `Size`, so that nothing is copied twice and nothing grows. Field numbers
 * are at most 15, whose tags are one byte; fields that have their default value are left out.
 */
import { assert } from "#core/assert.ts";
import { varintSize, writeVarint } from "./varint.ts";

export class FieldWriter {
  readonly bytes: Buffer;
  #at = 0;

  /**
   * Writes to `memory`, of at least that size, or else to a buffer of its own: a piece of Node's
   * pool would keep 64 KiB alive.
   */
  constructor(size: number, memory?: Buffer) {
    this.bytes = memory?.subarray(0, size) ?? Buffer.allocUnsafeSlow(size);
  }

  /** The message; everything it was made for has been written. */
  finish(): Buffer {
    assert(this.#at === this.bytes.byteLength, "a message has the size that was worked out");
    return this.bytes;
  }

  number(field: number, value: number): void {
    if (value === 0) return;
    this.#byte(field << 3);
    this.#varint(value);
  }

  flag(field: number, value: boolean): void {
    if (value) this.number(field, 1);
  }

  text(field: number, value: string): void {
    if (value === "") return;
    this.begin(field, Buffer.byteLength(value));
    this.#at += this.bytes.write(value, this.#at);
  }

  /** Bytes of a field, copied. */
  content(field: number, value: Uint8Array): void {
    if (value.byteLength === 0) return;
    this.begin(field, value.byteLength);
    this.raw(value);
  }

  /** What is written next, `size` bytes, is in this field. */
  begin(field: number, size: number): void {
    this.#byte((field << 3) | 2);
    this.#varint(size);
  }

  /** Numbers of a packed field. */
  packed(field: number, values: readonly number[], size: number): void {
    if (values.length === 0) return;
    this.begin(field, size);
    for (const value of values) this.#varint(value);
  }

  /** Bytes that are encoded already. */
  raw(value: Uint8Array): void {
    this.bytes.set(value, this.#at);
    this.#at += value.byteLength;
  }

  #byte(value: number): void {
    this.bytes[this.#at] = value;
    this.#at += 1;
  }

  #varint(value: number): void {
    this.#at = writeVarint(this.bytes, this.#at, value);
  }
}

export function numberSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

export function flagSize(value: boolean): number {
  return value ? 2 : 0;
}

export function textSize(value: string): number {
  return value === "" ? 0 : withinSize(Buffer.byteLength(value));
}

export function contentSize(value: Uint8Array): number {
  return value.byteLength === 0 ? 0 : withinSize(value.byteLength);
}

/** Of a field that holds `size` bytes, its tag and length included. */
export function withinSize(size: number): number {
  return 1 + varintSize(size) + size;
}

/** Of the numbers of a packed field, without its tag and length. */
export function packedSize(values: readonly number[]): number {
  let size = 0;
  for (const value of values) size += varintSize(value);
  return size;
}
