/**
 * Short texts that come again and again, such as names of models and inputs: a text that was read
 * before is found by its bytes, which is cheaper than making it anew, and so is looking it up in a
 * map, since its hash is known already.
 */
export const cachedTextBytesMax = 32;

/** A power of two. */
const slots = 512;
const texts: string[] = Array.from({ length: slots }, () => "");

/**
 * The text of these bytes, at most `cachedTextBytesMax` of them; undefined where one is not ASCII.
 * A text takes the place of another that happens to have the same.
 */
export function cachedText(bytes: Uint8Array, from: number, end: number): string | undefined {
  let hash = end - from;
  let bits = 0;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    bits |= byte;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (bits >= 128) return undefined;
  const slot = (hash ^ (hash >>> 9)) & (slots - 1);
  const known = texts[slot] ?? "";
  if (isSame(known, bytes, from, end)) return known;
  let text = "";
  for (let at = from; at < end; at += 1) text += String.fromCharCode(bytes[at] ?? 0);
  texts[slot] = text;
  return text;
}

function isSame(text: string, bytes: Uint8Array, from: number, end: number): boolean {
  if (text.length !== end - from) return false;
  for (let at = from; at < end; at += 1) {
    if (text.charCodeAt(at - from) !== bytes[at]) return false;
  }
  return true;
}
