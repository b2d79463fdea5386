import fc from "fast-check";
import { expect, it } from "vitest";
import { BulkWindow, type WindowLimits } from "./bulk-window.ts";

type Item = { readonly number: number; readonly bytes: number };

const start = { isOrdered: true, firstItem: 0, answered: [] };

function take(window: BulkWindow<Item, string>, bytes: number): void {
  window.take({ number: window.nextNumber, bytes }, bytes);
}

it("asks the input for nothing before the gateway has said how much it allows", () => {
  const window = new BulkWindow<Item, string>(start);
  expect(window.hasRoom).toBe(false);
  window.opened({ itemsMax: 2, bytesMax: 100 });
  expect(window.hasRoom).toBe(true);
  window.broke();
  expect(window.hasRoom).toBe(false);
});

it("has not sent what it owes when a connection broke after all was sent", () => {
  const window = new BulkWindow<Item, string>(start);
  window.opened({ itemsMax: 2, bytesMax: 100 });
  take(window, 1);
  window.send();
  window.inputOver();
  expect(window.isAllSent).toBe(true);
  window.broke();
  expect(window.isAllSent).toBe(false);
  window.opened({ itemsMax: 2, bytesMax: 100 });
  expect(window.send()?.number).toBe(0);
  expect(window.isAllSent).toBe(true);
});

it("lets one item alone have any size", () => {
  const window = new BulkWindow<Item, string>(start);
  window.opened({ itemsMax: 4, bytesMax: 100 });
  take(window, 60);
  take(window, 500);
  expect(window.hasRoom).toBe(false);
  expect(window.send()?.number).toBe(0);
  expect(window.send()).toBeUndefined();
  window.answered(0, "a");
  expect(window.send()).toBeUndefined();
  expect(window.give()?.number).toBe(0);
  expect(window.send()?.number).toBe(1);
});

it("keeps the place of an answer until it is given away", () => {
  const window = new BulkWindow<Item, string>(start);
  window.opened({ itemsMax: 1, bytesMax: 100 });
  take(window, 1);
  window.send();
  window.answered(0, "a");
  expect(window.hasRoom).toBe(false);
  window.give();
  expect(window.hasRoom).toBe(true);
});

it("tells answers that come twice from answers to what was never asked", () => {
  const window = new BulkWindow<Item, string>({ ...start, isOrdered: false });
  window.opened({ itemsMax: 4, bytesMax: 100 });
  for (let count = 0; count < 3; count++) take(window, 1);
  expect(window.answered(1, "b")).toBe("first");
  expect(window.answered(1, "b")).toBe("repeat");
  window.give();
  expect(window.answered(1, "b")).toBe("repeat");
  expect(window.answered(3, "d")).toBe("unknown");
});

it("goes on where an earlier process stood", () => {
  const window = new BulkWindow<Item, string>({ isOrdered: false, firstItem: 5, answered: [5, 7] });
  window.opened({ itemsMax: 4, bytesMax: 100 });
  expect(window.nextNumber).toBe(5);
  expect(window.isNextAnswered).toBe(true);
  window.skip();
  take(window, 1);
  expect(window.isNextAnswered).toBe(true);
  window.skip();
  expect(window.given).toEqual({ base: 6, above: [7] });
  expect(window.send()?.number).toBe(6);
  window.inputOver();
  window.answered(6, "g");
  window.give();
  expect(window.given).toEqual({ base: 8, above: [] });
  expect(window.isFinished).toBe(true);
});

it("does not let later items run away from a slow one", () => {
  const window = new BulkWindow<Item, string>({ ...start, isOrdered: false });
  window.opened({ itemsMax: 2, bytesMax: 100 });
  take(window, 1);
  while (window.hasRoom) {
    const number = window.nextNumber;
    take(window, 1);
    window.answered(number, "x");
    window.give();
  }
  expect(window.nextNumber).toBe(32);
  expect(window.given.base).toBe(0);
});

/** What may happen next; a number says to which of the items that are possible. */
const step = fc.oneof(
  fc.record({ kind: fc.constant("take" as const), of: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ kind: fc.constant("send" as const), of: fc.nat(0) }),
  fc.record({ kind: fc.constant("answer" as const), of: fc.nat(20) }),
  fc.record({ kind: fc.constant("repeat" as const), of: fc.nat(20) }),
  fc.record({ kind: fc.constant("give" as const), of: fc.nat(0) }),
  fc.record({ kind: fc.constant("break" as const), of: fc.integer({ min: 1, max: 4 }) }),
);

it.each([true, false])("gives every answer once, whatever happens (ordered: %s)", (isOrdered) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const window = new BulkWindow<Item, string>({ ...start, isOrdered });
      let limits: WindowLimits = { itemsMax: 3, bytesMax: 100 };
      window.opened(limits);
      /** What the gateway has got on this connection and not answered. */
      let owed: Item[] = [];
      const answered: number[] = [];
      const given: number[] = [];
      const give = () => {
        const one = window.give();
        if (one === undefined) return false;
        expect(one.answer).toBe(`answer ${one.number}`);
        given.push(one.number);
        return true;
      };
      const send = () => {
        const item = window.send();
        if (item === undefined) return false;
        expect(answered).not.toContain(item.number);
        if (owed.length > 0) expect(item.number).toBeGreaterThan(owed.at(-1)?.number ?? -1);
        owed.push(item);
        const bytes = owed.reduce((sum, each) => sum + each.bytes, 0);
        expect(owed.length).toBeLessThanOrEqual(limits.itemsMax);
        if (owed.length > 1) expect(bytes).toBeLessThanOrEqual(limits.bytesMax);
        return true;
      };
      const answer = (of: number) => {
        const [item] = owed.splice(isOrdered ? 0 : of % Math.max(1, owed.length), 1);
        if (item === undefined) return;
        answered.push(item.number);
        expect(window.answered(item.number, `answer ${item.number}`)).toBe("first");
      };
      const reopen = (itemsMax: number) => {
        owed = [];
        window.broke();
        limits = { itemsMax, bytesMax: 40 * itemsMax };
        window.opened(limits);
      };
      for (const { kind, of } of steps) {
        if (kind === "take" && window.hasRoom) take(window, of);
        if (kind === "send") send();
        if (kind === "answer") answer(of);
        if (kind === "give") give();
        if (kind === "break") reopen(of);
        const twice = answered[of % Math.max(1, answered.length)];
        if (kind === "repeat" && twice !== undefined) {
          expect(window.answered(twice, "again")).toBe("repeat");
        }
      }
      window.inputOver();
      reopen(2);
      for (let left = 1_000; !window.isFinished && left > 0; left--) {
        send();
        answer(0);
        give();
      }
      expect(window.isFinished).toBe(true);
      const all = Array.from({ length: window.nextNumber }, (_, number) => number);
      expect(isOrdered ? given : given.toSorted((a, b) => a - b)).toEqual(all);
    }),
  );
});
