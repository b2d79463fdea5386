/** Of an integer from 0 to 2⁵³−1. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  let size = 5;
  for (let left = value / 0x8_0000_0000; left >= 1; left /= 128) size += 1;
  return size;
}

/** Writes an integer from 0 to 2⁵³−1 and gives back where the next thing goes. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let left = value;
  let next = at;
  // Shifts work on 32 bits only.
  for (; left > 0x7fff_ffff; left = Math.floor(left / 128)) {
    target[next] = (left & 127) | 128;
    next += 1;
  }
  for (; left > 127; left >>>= 7) {
    target[next] = (left & 127) | 128;
    next += 1;
  }
  target[next] = left;
  return next + 1;
}
