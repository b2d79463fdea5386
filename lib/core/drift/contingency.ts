/**
 * Counts of a baseline and a window in the same bins, without the bins that are empty on both
 * sides: the table of 2 by K that statistics of shares are computed from.
 */
export type Contingency = {
  readonly baseline: Float64Array;
  readonly current: Float64Array;
  readonly rowsBaseline: number;
  readonly rowsCurrent: number;
};

export function contingencyOf(baseline: Float64Array, current: Float64Array): Contingency {
  const isOccupied = (_: number, bin: number) => (baseline[bin] ?? 0) + (current[bin] ?? 0) > 0;
  return {
    baseline: baseline.filter(isOccupied),
    current: current.filter(isOccupied),
    rowsBaseline: total(baseline),
    rowsCurrent: total(current),
  };
}

export function total(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
