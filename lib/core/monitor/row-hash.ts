/** Where the row hash of this module leaves its two halves. */
export type RowHash = { low: number; high: number };

/**
 * A 64-bit hash of a row: all bytes of its request's prediction id, which are mostly random, and
 * its index. Writes into `target`, because it is made for every row.
 */
export function hashRowInto(
  target: RowHash,
  request: { readonly predictionIds: Uint8Array; readonly index: number },
  row: number,
): void {
  const { predictionIds, index } = request;
  const start = index * 16;
  const spread = Math.imul(row + 1, 0x9e3779b1);
  target.low =
    Math.imul(wordAt(predictionIds, start), 0x01000193) ^ wordAt(predictionIds, start + 8) ^ spread;
  target.high =
    Math.imul(wordAt(predictionIds, start + 4), 0x01000193) ^
    wordAt(predictionIds, start + 12) ^
    Math.imul(spread ^ (spread >>> 15), 0x85ebca6b);
}

function wordAt(bytes: Uint8Array, start: number): number {
  return (
    (bytes[start] as number) |
    ((bytes[start + 1] as number) << 8) |
    ((bytes[start + 2] as number) << 16) |
    ((bytes[start + 3] as number) << 24)
  );
}
