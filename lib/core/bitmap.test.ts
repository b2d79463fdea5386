import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyBitmap, isSet, setBit } from "./bitmap.ts";

test("holds exactly the rows that were set", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(99)), (rows) => {
      const bitmap = emptyBitmap(100);
      for (const row of rows) setBit(bitmap, row);
      for (let row = 0; row < 110; row += 1) expect(isSet(bitmap, row)).toBe(rows.includes(row));
    }),
  );
});

test("starts with the lowest bit of the first byte", () => {
  const bitmap = emptyBitmap(9);
  setBit(bitmap, 0);
  setBit(bitmap, 8);
  expect([...bitmap]).toEqual([1, 1]);
});
