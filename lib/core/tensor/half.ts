const half = new Float16Array(1);
const bits = new Uint16Array(half.buffer);

/** The 16 bits of the half-precision number nearest to `value`. */
export function toHalf(value: number): number {
  half[0] = value;
  return bits[0] as number;
}

/** The number that 16 bits of half precision stand for. */
export function fromHalf(pattern: number): number {
  bits[0] = pattern;
  return half[0] as number;
}
