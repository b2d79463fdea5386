import { varintSize } from "./field-writer.ts";

/** Writes a whole number from 0 to 2^53 as a varint and gives back where the next thing goes. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest >= 128) {
    target[next] = (rest % 128) | 128;
    next += 1;
    rest = Math.floor(rest / 128);
  }
  target[next] = rest;
  return next + 1;
}

const encoder = new TextEncoder();

/** A field of text or bytes, whole. */
export function lengthDelimited(field: number, value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? encoder.encode(value) : value;
  const head = varintSize(field * 8 + 2) + varintSize(bytes.length);
  const encoded = new Uint8Array(head + bytes.length);
  const at = writeVarint(encoded, writeVarint(encoded, 0, field * 8 + 2), bytes.length);
  encoded.set(bytes, at);
  return encoded;
}

/** Bytes one after another. */
export function joinBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
