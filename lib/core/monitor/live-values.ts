import type { CodedTexts } from "../drift/category-histogram.ts";
import type { Dtype, NumericData } from "../tensor/dtype.ts";
import { fromHalf } from "../tensor/half.ts";

const twoTo32 = 4_294_967_296;

/**
 * Columns of an event are of one length and are counted one after the other, so that they can share
 * this memory.
 */
let shared = new Float64Array(0);

/**
 * A column of numbers as doubles, until the next one is asked for; integers beyond 2⁵³ are rounded
 * to the nearest.
 */
export function toDoubles(dtype: Dtype, values: NumericData): Float64Array {
  if (values instanceof Float64Array) return values;
  const { buffer, byteOffset, length } = values;
  if (shared.length !== length) shared = new Float64Array(length);
  if (values instanceof BigInt64Array) {
    joinHalves(shared, new Int32Array(buffer, byteOffset, length * 2));
  } else if (values instanceof BigUint64Array) {
    joinHalves(shared, new Uint32Array(buffer, byteOffset, length * 2));
  } else if (dtype === "FP16") shared.set(new Float16Array(buffer, byteOffset, length));
  else shared.set(values);
  return shared;
}

/** A column of numbers as the texts a baseline knows its categories by. */
export function toTexts(dtype: Dtype, values: NumericData): CodedTexts {
  const codes = new Uint32Array(values.length);
  const codeOf = new Map<number | bigint, number>();
  for (let row = 0; row < values.length; row += 1) {
    const value = values[row] as number | bigint;
    const code = codeOf.get(value) ?? codeOf.size;
    codeOf.set(value, code);
    codes[row] = code;
  }
  const dictionary = [...codeOf.keys()].map((value) =>
    String(dtype === "FP16" ? fromHalf(Number(value)) : value),
  );
  return { dictionary, codes };
}

/**
 * High and low half put together in one rounding, as the conversion of a bigint would be, but
 * without making one for each value.
 */
function joinHalves(doubles: Float64Array, halves: Int32Array | Uint32Array): void {
  for (let index = 0; index < doubles.length; index += 1) {
    const low = (halves[index * 2] as number) >>> 0;
    doubles[index] = (halves[index * 2 + 1] as number) * twoTo32 + low;
  }
}
