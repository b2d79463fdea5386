/**
 * The adjusted p-values of Benjamini and Hochberg (1995): those at or below q are discoveries of
 * which, on average, a share of at most q is false. In the order of `pValues`.
 */
export function adjustPValues(pValues: readonly number[]): number[] {
  const count = pValues.length;
  const order = [...pValues.keys()].sort((one, other) => valueAt(other) - valueAt(one));
  const adjusted = new Array<number>(count).fill(1);
  let least = 1;
  // From the largest down: none may be above one that comes after it.
  for (const [index, place] of order.entries()) {
    least = Math.min(least, (valueAt(place) * count) / (count - index));
    adjusted[place] = least;
  }
  return adjusted;

  function valueAt(place: number): number {
    return pValues[place] as number;
  }
}
