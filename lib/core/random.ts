/** Draws uniformly from [0, 1). */
export type Draw = () => number;

/**
 * A small seeded generator (mulberry32, Tommy Ettinger, public domain): the same seed gives the
 * same draws on every machine. For shuffles, simulations and tests; not for ids or secrets.
 */
export function seededDraw(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The numbers 0 … count−1 in a random order (Fisher–Yates). */
export function shuffledIndexes(count: number, draw: Draw): Uint32Array {
  const indexes = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(draw() * (last + 1));
    const kept = indexes[last] as number;
    indexes[last] = indexes[other] as number;
    indexes[other] = kept;
  }
  return indexes;
}
