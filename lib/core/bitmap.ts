/** Bits by row, lowest bit of the first byte first. Rows beyond the end count as not set. */
export type Bitmap = Uint8Array;

/** A bitmap that can hold `rows` bits, none set. */
export function emptyBitmap(rows: number): Bitmap {
  return new Uint8Array(Math.ceil(rows / 8));
}

export function isSet(bitmap: Bitmap, row: number): boolean {
  return (((bitmap[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

export function setBit(bitmap: Bitmap, row: number): void {
  bitmap[row >> 3] = (bitmap[row >> 3] ?? 0) | (1 << (row & 7));
}
