import { expect, it } from "vitest";
import { Quarantine } from "./quarantine.ts";

const options = { countMax: 2, durationMs: 100 };

it("keeps out what it was told to, for its time", () => {
  const quarantine = new Quarantine(options);
  expect(quarantine.isAny(0)).toBe(false);
  quarantine.add("a", 0);
  expect([quarantine.isAny(99), quarantine.leftMs("a", 99), quarantine.leftMs("b", 99)]).toEqual([
    true,
    1,
    0,
  ]);
  expect([quarantine.leftMs("a", 100), quarantine.isAny(100)]).toEqual([0, false]);
});

it("begins anew for what it is told of again", () => {
  const quarantine = new Quarantine(options);
  quarantine.add("a", 0);
  quarantine.add("a", 50);
  expect(quarantine.leftMs("a", 100)).toBe(50);
});

it("lets the oldest out when there are too many", () => {
  const quarantine = new Quarantine(options);
  for (const [index, key] of ["a", "b", "a", "c"].entries()) quarantine.add(key, index);
  expect(["a", "b", "c"].map((key) => quarantine.leftMs(key, 4) > 0)).toEqual([true, false, true]);
});
