/**
 * A short name for a text: its 64-bit FNV-1a hash over UTF-16 units, as 16 hexadecimal digits.
 */
export function hashText(text: string): string {
  // In four parts of 16 bits, the lowest first: the prime is 2^40 + 435, and no product is larger
  // than a double holds exactly.
  let [a, b, c, d] = [0x2325, 0x8422, 0x9ce4, 0xcbf2];
  for (let index = 0; index < text.length; index += 1) {
    a ^= text.charCodeAt(index);
    const low = a * 435;
    const second = b * 435 + (low >>> 16);
    const third = c * 435 + (a << 8) + (second >>> 16);
    const fourth = d * 435 + (b << 8) + (third >>> 16);
    a = low & 0xffff;
    b = second & 0xffff;
    c = third & 0xffff;
    d = fourth & 0xffff;
  }
  return [d, c, b, a].map((part) => part.toString(16).padStart(4, "0")).join("");
}

/** A text as 32 bits, every one of which any of its characters may change. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mix(hash);
}

/**
 * Spreads a row of a prediction evenly over [0, 1). The same prediction id and row always give the
 * same value, whoever asks, so that a sample taken by it is the same everywhere.
 */
export function hashRow(predictionId: Uint8Array, row: number): number {
  let hash = row | 0;
  for (let index = 0; index < predictionId.length; index += 1) {
    hash = Math.imul(hash ^ (predictionId[index] as number), 0x01000193);
  }
  return (mix(hash) >>> 0) / 2 ** 32;
}

/**
 * The final mix of MurmurHash3 (Austin Appleby, public domain): every bit in changes half of those
 * out.
 */
function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
