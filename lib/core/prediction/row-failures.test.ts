import * as fc from "fast-check";
import { expect, it } from "vitest";
import { isSet } from "../bitmap.ts";
import { Failure } from "../failure.ts";
import { RowFailures } from "./row-failures.ts";

it("keeps the first reason of each row, in the order of the rows", () => {
  const rows = fc.array(fc.nat(99), { maxLength: 50 });
  void fc.assert(
    fc.property(rows, (added) => {
      const failures = new RowFailures();
      for (const [at, row] of added.entries()) failures.add(row, new Failure("internal", `${at}`));
      const expected = [...new Set(added)].sort((a, b) => a - b);
      expect(failures.size).toBe(expected.length);
      expect(failures.inOrder().map(({ row }) => row)).toEqual(expected);
      for (const { row, failure } of failures.inOrder()) {
        expect(failure.message).toBe(`${added.indexOf(row)}`);
      }
      const bitmap = failures.bitmap(100);
      for (let row = 0; row < 100; row += 1) {
        expect(failures.has(row)).toBe(added.includes(row));
        expect(isSet(bitmap, row)).toBe(added.includes(row));
      }
      expect(bitmap).toHaveLength(added.length === 0 ? 0 : 13);
    }),
  );
});
