import fc from "fast-check";
import { expect, test } from "vitest";
import { PlacedHeap } from "./placed-heap.ts";

type Item = { due: number; readonly id: number; place: number };

const newHeap = () =>
  new PlacedHeap<Item>({
    isBefore: (one, other) => one.due < other.due || (one.due === other.due && one.id < other.id),
    placeOf: (item) => item.place,
    setPlace: (item, place) => {
      item.place = place;
    },
  });

test("has the same first item as a sorted list, whatever is added, moved and taken out", () => {
  const step = fc.record({
    kind: fc.constantFrom("add", "delete", "move"),
    at: fc.nat(50),
    due: fc.nat(20),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = newHeap();
      const list: Item[] = [];
      steps.forEach(({ kind, at, due }, id) => {
        const known = list[at % Math.max(1, list.length)];
        if (kind === "add" || known === undefined) {
          const item = { due, id, place: -1 };
          list.push(item);
          heap.add(item);
        } else if (kind === "delete") {
          list.splice(list.indexOf(known), 1);
          heap.delete(known);
          expect(known.place).toBe(-1);
        } else {
          known.due = due;
          heap.moved(known);
        }
        list.sort((one, other) => one.due - other.due || one.id - other.id);
        expect(heap.first).toBe(list[0]);
        expect(heap.size).toBe(list.length);
      });
      expect(new Set(list.map(({ place }) => place)).size).toBe(list.length);
    }),
  );
});
