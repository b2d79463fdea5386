import fc from "fast-check";
import { expect, test } from "vitest";
import { LinkCredit } from "./link-credit.ts";

function creditOf(requests?: number, requestBytes = 1000) {
  let shortages = 0;
  const credit = new LinkCredit(() => {
    shortages += 1;
  });
  if (requests !== undefined) credit.open({ requests, requestBytes });
  return { credit, shortages: () => shortages };
}

function grantedTo(credit: LinkCredit) {
  const { requests, requestBytes } = credit.news(-1) ?? { requests: 0n, requestBytes: 0n };
  return { requests: Number(requests), requestBytes: Number(requestBytes) };
}

test("grants nothing before it is opened", () => {
  const { credit } = creditOf();
  expect(credit.news(0)).toBeUndefined();
  expect(credit.begin(1, 10)).toBe(false);
});

test("grants again what has been finished, once", () => {
  const { credit } = creditOf(2);
  expect(grantedTo(credit)).toEqual({ requests: 2, requestBytes: 1000 });
  expect([credit.begin(1, 10), credit.begin(2, 20), credit.begin(3, 0)]).toEqual([
    true,
    true,
    false,
  ]);
  credit.finish(1);
  credit.finish(1);
  expect(grantedTo(credit)).toEqual({ requests: 3, requestBytes: 1010 });
  expect(credit.begin(3, 0)).toBe(true);
});

test("tells totals only when they have changed", () => {
  const { credit } = creditOf(2);
  expect(credit.news(0)).toBeDefined();
  expect(credit.news(0)).toBeUndefined();
  expect(credit.news(5)).toMatchObject({ chunkBytes: 5n });
});

test("refuses an id that is in use", () => {
  const { credit } = creditOf(5);
  expect([credit.begin(1, 0), credit.begin(1, 0)]).toEqual([true, false]);
});

test("takes nothing back when its window becomes smaller, and grants no more until it fits", () => {
  const { credit } = creditOf(10);
  credit.begin(1, 0);
  credit.open({ requests: 2, requestBytes: 100 });
  expect(grantedTo(credit)).toEqual({ requests: 10, requestBytes: 1000 });
  for (let id = 2; id <= 10; id += 1) expect(credit.begin(id, 0)).toBe(true);
  for (let id = 1; id <= 8; id += 1) credit.finish(id);
  expect(credit.news(-1)).toBeUndefined();
  credit.finish(9);
  expect(grantedTo(credit).requests).toBe(11);
});

test("knows the most that was held lately, and forgets it after two turns", () => {
  const { credit } = creditOf(10);
  for (const id of [1, 2, 3]) credit.begin(id, 10);
  for (const id of [1, 2, 3]) credit.finish(id);
  const seen = { requests: 3, requestBytes: 30, isShort: false };
  expect(credit.use).toEqual(seen);
  credit.nextTurn();
  expect(credit.use).toEqual(seen);
  credit.nextTurn();
  expect(credit.use).toEqual({ requests: 0, requestBytes: 0, isShort: false });
});

test("says once that it is short, of requests or of bytes", () => {
  const { credit, shortages } = creditOf(2);
  credit.begin(1, 10);
  expect(shortages()).toBe(0);
  credit.begin(2, 10);
  credit.finish(1);
  credit.begin(3, 10);
  expect([shortages(), credit.use.isShort]).toEqual([1, true]);
  const large = creditOf(100);
  large.credit.begin(1, 600);
  expect(large.shortages()).toBe(1);
});

test("never lets more be held than the window, whatever is begun and finished", () => {
  const steps = fc.array(fc.record({ id: fc.nat(20), isBegin: fc.boolean() }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), steps, (window, drawn) => {
      const { credit } = creditOf(window);
      const held = new Set<number>();
      for (const { id, isBegin } of drawn) {
        if (isBegin && credit.begin(id, 1)) held.add(id);
        if (!isBegin) {
          credit.finish(id);
          held.delete(id);
        }
        expect(held.size).toBeLessThanOrEqual(window);
        expect(credit.use.requests).toBeGreaterThanOrEqual(held.size);
      }
    }),
  );
});
