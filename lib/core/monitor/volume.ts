/** How many rows windows usually have, and whether one is out of line. */
export type Volume = { readonly usual: number; readonly isUnusual: boolean };

const windowsMin = 5;
const windowsMax = 30;
/** Fewer than half or more than twice as many are worth telling. */
const factor = 2;
/** Of a Poisson variable's standard deviations, which chance exceeds once in some ten thousand. */
const deviations = 4;

/**
 * Sets the rows of a window against the median of those before it, newest last; undefined while
 * there are too few to know what is usual.
 */
export function volumeOf(rows: number, before: readonly number[]): Volume | undefined {
  const latest = before.slice(-windowsMax).sort((one, other) => one - other);
  if (latest.length < windowsMin) return undefined;
  const usual = latest[latest.length >> 1] as number;
  const isFar = Math.max(rows, usual) > factor * Math.min(rows, usual);
  const isUnusual = isFar && Math.abs(rows - usual) > deviations * Math.sqrt(usual);
  return { usual, isUnusual };
}
