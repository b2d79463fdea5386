import * as fc from "fast-check";
import { expect, it } from "vitest";
import { BulkWindow } from "./window.ts";

const options = { itemsMax: 3, bytesMax: 10, isOrdered: false, answeredBelow: 0 };

it("takes numbers in ascending order, with gaps", () => {
  const window = new BulkWindow({ ...options, answeredBelow: 4 });
  expect(window.answeredBelow).toBe(4);
  expect(window.take(3, 1)?.message).toBe("item 3 came where 4 or later was due");
  expect(window.take(6, 1)).toBeUndefined();
  expect(window.answeredBelow).toBe(6);
  expect(window.take(6, 1)?.message).toBe("item 6 came where 7 or later was due");
  expect(window.take(Number.MAX_SAFE_INTEGER, 1)?.message).toContain("too large");
});

it("takes no more items and bytes than it says, but one item of any size", () => {
  const window = new BulkWindow(options);
  expect(window.take(0, 1_000)).toBeUndefined();
  expect(window.take(1, 1)).toMatchObject({
    code: "resource-exhausted",
    message: "beyond the window: 1000 bytes of items are unanswered and 1 came, limit 10",
  });
  window.ready(0);
  expect(window.next()).toBe(0);
  for (const number of [1, 2, 3]) expect(window.take(number, 2)).toBeUndefined();
  expect(window.take(4, 2)?.message).toBe("beyond the window: 3 items are unanswered, limit 3");
});

it("gives answers as they come, or in order", () => {
  const given = (isOrdered: boolean) => {
    const window = new BulkWindow({ ...options, isOrdered });
    const order: (number | undefined)[] = [];
    for (const number of [0, 1, 2]) window.take(number, 1);
    for (const number of [2, 0, 1]) {
      window.ready(number);
      order.push(window.next(), window.next());
    }
    return order;
  };
  expect(given(false)).toEqual([2, undefined, 0, undefined, 1, undefined]);
  expect(given(true)).toEqual([undefined, undefined, 0, undefined, 1, 2]);
});

it("answers every item once, and covers exactly what has been answered", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("take" as const), gap: fc.nat(2), bytes: fc.nat(6) }),
    fc.record({ kind: fc.constant("ready" as const), pick: fc.nat(20) }),
    fc.record({ kind: fc.constant("next" as const) }),
  );
  const property = fc.property(fc.boolean(), fc.array(step), (isOrdered, steps) => {
    const window = new BulkWindow({ ...options, isOrdered });
    const unready: number[] = [];
    const open = new Set<number>();
    const given: number[] = [];
    let due = 0;
    for (const one of steps) {
      if (one.kind === "take") {
        const number = due + one.gap;
        if (window.take(number, one.bytes) !== undefined) continue;
        due = number + 1;
        unready.push(number);
        open.add(number);
      } else if (one.kind === "ready") {
        const [number] = unready.splice(one.pick % Math.max(1, unready.length), 1);
        if (number !== undefined) window.ready(number);
      } else {
        const number = window.next();
        if (number === undefined) continue;
        expect(open.delete(number)).toBe(true);
        given.push(number);
      }
      expect(window.size).toBe(open.size);
      expect(window.size).toBeLessThanOrEqual(3);
      expect(window.answeredBelow).toBe(Math.min(due, ...open));
    }
    if (isOrdered) expect(given).toEqual(given.toSorted((a, b) => a - b));
  });
  void fc.assert(property);
});
