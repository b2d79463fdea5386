import fc from "fast-check";
import { expect, it } from "vitest";
import { chooseGateway, type GatewayLoad } from "./choose-gateway.ts";

const serving = { state: "serving", isTaking: false, open: 0 } as const;

it("takes the one with the fewest connections, and equal ones in turn", () => {
  expect(
    chooseGateway(
      [
        { ...serving, open: 2 },
        { ...serving, open: 1 },
      ],
      1,
    ),
  ).toBe(1);
  const equal = [serving, serving, serving];
  expect([0, 1, 2].map((last) => chooseGateway(equal, last))).toEqual([1, 2, 0]);
  expect(chooseGateway(equal, -1)).toBe(0);
});

it("takes one that is up only where none serves", () => {
  const up = { ...serving, state: "up" } as const;
  const down = { ...serving, state: "down" } as const;
  expect(chooseGateway([up, { ...serving, open: 9 }], 1)).toBe(1);
  expect(chooseGateway([up, down], 0)).toBe(0);
  expect(chooseGateway([up, { ...serving, isTaking: true }], 0)).toBeUndefined();
  expect(chooseGateway([down, down], 0)).toBeUndefined();
  expect(chooseGateway([], -1)).toBeUndefined();
});

it("never takes one that could not have it, nor one with more than another", () => {
  const load: fc.Arbitrary<GatewayLoad> = fc.record({
    state: fc.constantFrom("down", "up", "serving"),
    isTaking: fc.boolean(),
    open: fc.nat(3),
  });
  fc.assert(
    fc.property(
      fc.array(load, { maxLength: 6 }),
      fc.integer({ min: -1, max: 5 }),
      (loads, last) => {
        const chosen = chooseGateway(loads, last);
        const wanted = loads.some(({ state }) => state === "serving") ? "serving" : "up";
        const able = loads.filter(({ state, isTaking }) => state === wanted && !isTaking);
        const fewest = able.filter(({ open }) => able.every((other) => other.open >= open));
        expect(fewest.includes(loads[chosen ?? -1] as GatewayLoad)).toBe(able.length > 0);
      },
    ),
  );
});
