import fc from "fast-check";
import { expect, test } from "vitest";
import { LinkCredit } from "./link-credit.ts";

const options = { requestBytes: 1000, requestsMax: 100 };

function grantedTo(credit: LinkCredit) {
  const { requests, requestBytes } = credit.news(-1) ?? { requests: 0n, requestBytes: 0n };
  return { requests: Number(requests), requestBytes: Number(requestBytes) };
}

test("grants nothing before it is opened", () => {
  const credit = new LinkCredit(options);
  expect(credit.news(0)).toBeUndefined();
  expect(credit.begin(1, 10)).toBe(false);
});

test("grants again what has been finished, once", () => {
  const credit = new LinkCredit(options);
  credit.open(2);
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
  const credit = new LinkCredit(options);
  credit.open(2);
  expect(credit.news(0)).toBeDefined();
  expect(credit.news(0)).toBeUndefined();
  expect(credit.news(5)).toMatchObject({ chunkBytes: 5n });
});

test("refuses an id that is in use", () => {
  const credit = new LinkCredit(options);
  credit.open(5);
  expect([credit.begin(1, 0), credit.begin(1, 0)]).toEqual([true, false]);
});

test("never lets more be held than the window, whatever is begun and finished", () => {
  const steps = fc.array(fc.record({ id: fc.nat(20), isBegin: fc.boolean() }));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), steps, (window, drawn) => {
      const credit = new LinkCredit(options);
      credit.open(window);
      const held = new Set<number>();
      for (const { id, isBegin } of drawn) {
        if (isBegin && credit.begin(id, 1)) held.add(id);
        if (!isBegin) {
          credit.finish(id);
          held.delete(id);
        }
        expect(held.size).toBeLessThanOrEqual(window);
      }
    }),
  );
});
