const offsetBasis = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const mask = 0xffffffffffffffffn;

/** A short name for a text: its 64-bit FNV-1a hash over UTF-16 units, as 16 hexadecimal digits. */
export function hashText(text: string): string {
  let hash = offsetBasis;
  for (let index = 0; index < text.length; index += 1) {
    hash = ((hash ^ BigInt(text.charCodeAt(index))) * prime) & mask;
  }
  return hash.toString(16).padStart(16, "0");
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
