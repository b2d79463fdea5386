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
          table.delete({ low, high });
          map.delete(name);
        } else {
          table.set({ low, high }, value);
          map.set(name, value);
        }
        for (const one of steps) {
          expect(table.get(one)).toBe(map.get(`${one.low}.${one.high}`));
        }
      }
    }),
  );
});

it("takes the halves of a hash with a sign or without", () => {
  const table = new KeyTable(8);
  table.set({ low: -1, high: -2 }, 5);
  expect(table.get({ low: 2 ** 32 - 1, high: 2 ** 32 - 2 })).toBe(5);
});
