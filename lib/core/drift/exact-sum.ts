/**
 * The sum of `values`, rounded once: it does not depend on their order. Finite values only.
 *
 * Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic": the running sum is kept as
 * partials that do not overlap, each new value is added to all of them without loss, and the
 * partials are rounded at the end.
 */
export function exactSum(values: Iterable<number>): number {
  const partials: number[] = [];
  for (const value of values) addExactly(partials, value);
  return roundPartials(partials);
}

/** Adds a value to the partials of a sum, whose bits do not overlap. */
export function addExactly(partials: number[], value: number): void {
  let carried = value;
  let kept = 0;
  for (const partial of partials) {
    const [large, small] =
      Math.abs(carried) < Math.abs(partial) ? [partial, carried] : [carried, partial];
    const high = large + small;
    const low = small - (high - large);
    if (low !== 0) {
      partials[kept] = low;
      kept += 1;
    }
    carried = high;
  }
  partials.length = kept;
  partials.push(carried);
}

/** The sum that the partials stand for, rounded once. */
export function roundPartials(partials: readonly number[]): number {
  let index = partials.length - 1;
  let sum = partials[index] ?? 0;
  let rest = 0;
  while (index > 0 && rest === 0) {
    index -= 1;
    const before = sum;
    const partial = partials[index] ?? 0;
    sum = before + partial;
    rest = partial - (sum - before);
  }
  // A tie was rounded to even; what lies below it decides the other way if it has the same sign.
  const below = index > 0 ? (partials[index - 1] ?? 0) : 0;
  if (rest * below > 0) {
    const doubled = rest * 2;
    const moved = sum + doubled;
    if (moved - sum === doubled) return moved;
  }
  return sum;
}
