import fc from "fast-check";
import { expect, test } from "vitest";
import { type Demand, shareCredit } from "./share-credit.ts";

const idle: Demand = { used: 0, isShort: false };
const short: Demand = { used: 0.1, isShort: true };

test("gives everything to one alone, busy or not", () => {
  expect(shareCredit([idle], 0.1)).toEqual([1]);
  expect(shareCredit([], 0.1)).toEqual([]);
});

test("keeps a little for everybody, and the rest for those that came to their end", () => {
  expect(shareCredit([short, idle, idle], 0.1)).toEqual([0.8, 0.1, 0.1]);
  expect(shareCredit([short, short, idle], 0.1)).toEqual([0.45, 0.45, 0.1]);
});

test("gives what somebody uses a little more, and what nobody wants to those not idle", () => {
  const [some, none] = shareCredit([{ used: 0.4, isShort: false }, idle], 0.1);
  expect([some, none]).toEqual([0.9, 0.1]);
  const shares = shareCredit([{ used: 0.2, isShort: false }, short, short], 0.1);
  expect(shares.map((share) => Number(share.toFixed(3)))).toEqual([0.25, 0.375, 0.375]);
});

test("leaves half for those who need it, however many are idle", () => {
  const demands = [short, ...new Array<Demand>(99).fill(idle)];
  const shares = shareCredit(demands, 0.1);
  expect(shares[0]).toBeGreaterThanOrEqual(0.5);
  expect(Math.min(...shares)).toBeCloseTo(1 / 200);
});

test("divides the whole, leaves nobody out, and gives no less to who wants more", () => {
  const demand = fc.record({
    used: fc.double({ min: 0, max: 1, noNaN: true }),
    isShort: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(demand, { minLength: 2, maxLength: 50 }), (demands) => {
      const shares = shareCredit(demands, 0.03);
      const sum = shares.reduce((total, share) => total + share, 0);
      expect(sum).toBeLessThanOrEqual(1 + 1e-9);
      if (demands.some(({ used, isShort }) => used > 0 || isShort)) expect(sum).toBeCloseTo(1);
      expect(Math.min(...shares)).toBeGreaterThan(0);
      demands.forEach((one, at) => {
        demands.forEach((other, place) => {
          const wantsMore = one.isShort || (!other.isShort && one.used >= other.used);
          if (wantsMore) expect(shares[at]).toBeGreaterThanOrEqual((shares[place] ?? 0) - 1e-9);
        });
      });
    }),
  );
});

test("one that goes leaves its share to the others", () => {
  const before = shareCredit([short, short], 0.1);
  expect(before).toEqual([0.5, 0.5]);
  expect(shareCredit([short], 0.1)).toEqual([1]);
});
