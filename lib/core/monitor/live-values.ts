import type { CodedTexts } from "../drift/category-histogram.ts";
import type { Dtype, NumericData } from "../tensor/dtype.ts";
import { fromHalf } from "../tensor/half.ts";

const twoTo32 = 4_294_967_296;

/** A column of numbers as doubles; integers beyond 2⁵³ are rounded to the nearest. */
export function toDoubles(dtype: Dtype, values: NumericData): Float64Array {
  if (values instanceof Float64Array) return values;
  if (values instanceof BigInt64Array) return joinHalves(new Int32Array(...spanOf(values)), values);
  if (values instanceof BigUint64Array) {
    return joinHalves(new Uint32Array(...spanOf(values)), values);
  }
  return dtype === "FP16" ? Float64Array.from(values, fromHalf) : new Float64Array(values);
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

function spanOf(values: BigInt64Array | BigUint64Array): [ArrayBufferLike, number, number] {
  return [values.buffer, values.byteOffset, values.length * 2];
}

/**
 * High and low half put together in one rounding, as the conversion of a bigint would be, but
 * without making one for each value.
 */
function joinHalves(high: Int32Array | Uint32Array, values: { readonly length: number }) {
  const doubles = new Float64Array(values.length);
  for (let index = 0; index < doubles.length; index += 1) {
    const low = (high[index * 2] as number) >>> 0;
    doubles[index] = (high[index * 2 + 1] as number) * twoTo32 + low;
  }
  return doubles;
}
