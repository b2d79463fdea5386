import { allocate, type Dtype, type NumericData } from "../tensor/dtype.ts";

const lengthFirst = 256;

/** Numbers of one data type, appended one by one; doubles its room as it fills. */
export class GrowingArray {
  #data: NumericData;
  #length = 0;

  constructor(dtype: Exclude<Dtype, "BYTES">) {
    this.#data = allocate(dtype, lengthFirst) as NumericData;
  }

  /** `value` is a bigint where the data type has 64-bit integers, else a number. */
  push(value: number | bigint): void {
    if (this.#length === this.#data.length) this.#grow();
    (this.#data as (number | bigint)[] & NumericData)[this.#length] = value;
    this.#length += 1;
  }

  /** Appends the values of some rows: row r of a column stands at `offset + r · stride`. */
  append(
    source: NumericData,
    { offset, stride }: { readonly offset: number; readonly stride: number },
    rows: readonly number[],
  ): void {
    const needed = this.#length + rows.length;
    while (needed > this.#data.length) this.#grow();
    // A column has the type of its array, number or bigint.
    const from = source as Float64Array;
    const to = this.#data as Float64Array;
    for (let index = 0; index < rows.length; index += 1) {
      to[this.#length + index] = from[offset + (rows[index] as number) * stride] as number;
    }
    this.#length = needed;
  }

  /** What has been appended, sharing its memory: valid until the next change. */
  view(): NumericData {
    return this.#data.subarray(0, this.#length) as NumericData;
  }

  #grow(): void {
    const { buffer } = this.#data;
    const larger = new Uint8Array(buffer.byteLength * 2);
    larger.set(new Uint8Array(buffer));
    const Data = this.#data.constructor as new (buffer: ArrayBuffer) => NumericData;
    this.#data = new Data(larger.buffer);
  }
}
