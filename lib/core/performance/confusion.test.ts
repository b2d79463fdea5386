import { expect, it } from "vitest";
import { Confusion, classMetrics } from "./confusion.ts";

it("says nothing of what has not occurred", () => {
  const none = new Confusion(2);
  expect(none.accuracy).toBeUndefined();
  expect(none.of(1)).toEqual({});
  expect(none.mean("macro")).toEqual({});
  none.count(0, 0, 1);
  expect(none.of(1)).toEqual({});
  expect(none.mean("macro")).toEqual({ precision: 1, recall: 1, f1: 1 });
});

it("takes classes without a name for one, and a hit for what is equal", () => {
  const confusion = new Confusion(1);
  confusion.count(7, 7, 1);
  confusion.count(7, 8, 1);
  expect(confusion.at(1, 1)).toBe(2);
  expect(confusion.accuracy).toBe(0.5);
  const restored = new Confusion(1, structuredClone(confusion.state()));
  restored.merge(confusion.state());
  restored.count(7, 7, -1);
  expect(restored.accuracy).toBe(1 / 3);
});

it("computes from expected counts, too", () => {
  expect(classMetrics(1.5, 2, 3)).toEqual({ precision: 0.75, recall: 0.5, f1: 0.6 });
});
