import { varintSize, writeVarint } from "./varint.ts";

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
