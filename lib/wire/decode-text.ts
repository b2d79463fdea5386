import { cachedText, cachedTextBytesMax } from "./text-cache.ts";

// The byte order mark is data like any other: it must come back as it went in.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a range of bytes; undefined where they are not valid UTF-8. */
export function decodeText(bytes: Uint8Array, from: number, end: number): string | undefined {
  if (end - from <= cachedTextBytesMax) {
    const text = cachedText(bytes, from, end);
    if (text !== undefined) return text;
  }
  try {
    return utf8.decode(bytes.subarray(from, end));
  } catch {
    return undefined;
  }
}
