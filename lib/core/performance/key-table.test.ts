import * as fc from "fast-check";
import { expect, it } from "vitest";
import { KeyTable } from "./key-table.ts";

// Few halves, so that keys meet; few places, so that runs are long and wrap round.
const half = fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1);
const step = fc.record({
  low: half,
  high: half,
  value: fc.option(fc.nat(100), { nil: undefined }),
});

it("does what a map does", () => {
  void fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const table = new KeyTable(32);
      const map = new Map<string, number>();
      for (const { low, high, value } of steps) {
        const name = `${low}.${high}`;
        if (value === undefined) {
          // Only of the value that is there.
          table.delete(low, high, 101);
          table.delete(low, high, map.get(name) ?? 0);
          map.delete(name);
        } else {
          table.set(low, high, value);
          map.set(name, value);
        }
        for (const one of steps) {
          expect(table.get(one.low, one.high)).toBe(map.get(`${one.low}.${one.high}`) ?? -1);
        }
      }
    }),
  );
});

it("takes the halves of a hash with a sign or without", () => {
  const table = new KeyTable(8);
  table.set(-1, -2, 5);
  expect(table.get(2 ** 32 - 1, 2 ** 32 - 2)).toBe(5);
});
