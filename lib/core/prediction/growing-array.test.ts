import { expect, test } from "vitest";
import { GrowingArray } from "./growing-array.ts";

test("keeps what was appended, in order and in its type", () => {
  const floats = new GrowingArray("FP32");
  for (let value = 0; value < 1000; value += 1) floats.push(value);
  expect(floats.view()).toEqual(Float32Array.from({ length: 1000 }, (_, index) => index));
  const wide = new GrowingArray("UINT64");
  for (let value = 0n; value < 300n; value += 1n) wide.push(value);
  expect(wide.view()).toEqual(BigUint64Array.from({ length: 300 }, (_, index) => BigInt(index)));
  expect(new GrowingArray("BOOL").view()).toEqual(new Uint8Array(0));
});

test("appends the rows of a column that are named", () => {
  const wide = new GrowingArray("INT64");
  const table = BigInt64Array.from({ length: 1000 }, (_, index) => BigInt(index));
  wide.append(table, { offset: 1, stride: 2 }, [0, 4, 2]);
  wide.append(
    table,
    { offset: 0, stride: 1 },
    Array.from({ length: 600 }, (_, row) => row),
  );
  expect(wide.view().slice(0, 4)).toEqual(BigInt64Array.of(1n, 9n, 5n, 0n));
  expect(wide.view()).toHaveLength(603);
});
