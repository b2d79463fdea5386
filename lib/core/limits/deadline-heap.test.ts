import * as fc from "fast-check";
import { expect, it } from "vitest";
import { DeadlineHeap } from "./deadline-heap.ts";

it("is empty at first", () => {
  const heap = new DeadlineHeap<object>();
  expect([heap.size, heap.earliest, heap.first, heap.takeDue(1)]).toEqual([
    0,
    undefined,
    undefined,
    undefined,
  ]);
});

it("gives out what is due and nothing else", () => {
  const heap = new DeadlineHeap<{ name: string }>();
  const [early, late] = [{ name: "early" }, { name: "late" }];
  heap.set(late, 20);
  heap.set(early, 10);
  expect(heap.earliest).toBe(10);
  expect(heap.first).toBe(early);
  expect(heap.takeDue(9)).toBeUndefined();
  expect(heap.takeDue(10)).toBe(early);
  expect(heap.takeDue(10)).toBeUndefined();
  expect([...heap.values()]).toEqual([late]);
});

it("forgets what is deleted, once", () => {
  const heap = new DeadlineHeap<object>();
  const item = {};
  heap.set(item, 1);
  expect(heap.delete(item)).toBe(true);
  expect(heap.delete(item)).toBe(false);
  expect(heap.takeDue(1)).toBeUndefined();
});

const step = fc.record({
  item: fc.nat(15),
  due: fc.nat(50),
  act: fc.constantFrom("set" as const, "delete" as const, "take" as const),
});

it("agrees with a sorted list whatever is done to it", () => {
  void fc.assert(fc.property(fc.array(step, { maxLength: 100 }), agreesWithList));
});

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function agreesWithList(steps: readonly Step[]): void {
  const heap = new DeadlineHeap<{ readonly index: number }>();
  const items = Array.from({ length: 16 }, (_, index) => ({ index }));
  const list = new Map<number, number>();
  for (const { item, due, act } of steps) {
    const one = items[item] ?? { index: item };
    if (act === "set") {
      heap.set(one, due);
      list.set(item, due);
    } else if (act === "delete") {
      expect(heap.delete(one)).toBe(list.delete(item));
    } else {
      const taken = heap.takeDue(due);
      const earliest = Math.min(...list.values());
      if (taken === undefined) expect(earliest).toBeGreaterThan(due);
      else {
        expect(list.get(taken.index)).toBe(earliest);
        list.delete(taken.index);
      }
    }
    expect(heap.size).toBe(list.size);
    expect(heap.earliest ?? Number.POSITIVE_INFINITY).toBe(Math.min(...list.values()));
  }
}
