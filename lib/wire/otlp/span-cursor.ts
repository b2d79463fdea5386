import { Cursor, wireType } from "../cursor.ts";
import { cachedText, cachedTextBytesMax } from "../text-cache.ts";
import { cut, textCharsMax } from "./limits.ts";

const upperHalf = 2 ** 32;
const nanosPerMicro = 1000;
/** As many as the longest text that is kept may have. */
const textBytesMax = 3 * textCharsMax;
// Whoever sends spans may cut texts in the middle of a letter: no reason to refuse them all.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** A cursor over OTLP's traces, which reads values as span records have them. */
export class SpanCursor extends Cursor {
  readonly #buffer: Buffer;

  constructor(bytes: Uint8Array) {
    super(bytes, "the request");
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A text, cut to what is kept of it. */
  cutText(name: string): string {
    const from = this.span(name);
    const size = this.at - from;
    const cached = size <= cachedTextBytesMax ? cachedText(this.bytes, from, this.at) : undefined;
    if (cached !== undefined) return cached;
    const end = Math.min(this.at, from + textBytesMax);
    return cut(utf8.decode(this.bytes.subarray(from, end)));
  }

  /** An id as hexadecimal digits; empty where it has another size or is all zeros. */
  id(name: string, size: number): string {
    const from = this.span(name);
    if (this.at - from !== size) return "";
    for (let at = from; at < this.at; at += 1) {
      if (this.bytes[at] !== 0) return this.#buffer.toString("hex", from, this.at);
    }
    return "";
  }

  /** Nanoseconds since 1970 as whole microseconds. */
  micros(name: string): number {
    this.expect(wireType.fixed64, name);
    const at = this.fixed(8);
    const low = this.#buffer.readUInt32LE(at);
    const high = this.#buffer.readUInt32LE(at + 4);
    const below = Math.floor(((high % nanosPerMicro) * upperHalf + low) / nanosPerMicro);
    return Math.floor(high / nanosPerMicro) * upperHalf + below;
  }

  /** A whole number; as text where no double holds it. */
  whole(name: string): number | string {
    this.expect(wireType.varint, name);
    const low = this.varint() >>> 0;
    const value = (this.high | 0) * upperHalf + low;
    if (Number.isSafeInteger(value)) return value;
    return String(BigInt(this.high | 0) * BigInt(upperHalf) + BigInt(low));
  }

  /** One of a few; its lower 32 bits. */
  choice(name: string): number {
    this.expect(wireType.varint, name);
    return this.varint();
  }

  double(name: string): number {
    this.expect(wireType.fixed64, name);
    return this.#buffer.readDoubleLE(this.fixed(8));
  }
}
