import { expect, it } from "vitest";
import { type Label, WaitingLabels } from "./waiting-labels.ts";

it("keeps labels until their row or the end of their time comes", () => {
  const waiting = new WaitingLabels(3);
  expect(waiting.put(label(1, 7))).toBe("waits");
  expect(waiting.put(label(1, 7))).toBe("repeated");
  expect(waiting.put(label(2, 7))).toBe("waits");
  expect(waiting.put(label(3, 8))).toBe("waits");
  expect(waiting.put(label(4, 9))).toBe("full");
  const restored = new WaitingLabels(3, structuredClone(waiting.state()));
  expect(restored.takeBefore(2).map(({ seq }) => seq)).toEqual([1]);
  expect(restored.take({ low: 7, high: 0 }).map(({ seq }) => seq)).toEqual([2]);
  expect(restored.take({ low: 7, high: 0 })).toEqual([]);
  expect(restored.takeBefore(99).map(({ seq }) => seq)).toEqual([3]);
  expect(restored.size).toBe(0);
  expect(restored.put(label(5, 7))).toBe("waits");
});

function label(seq: number, low: number): Label {
  return { key: { low, high: 0 }, seq, atMs: seq, value: 0, predictedMs: undefined };
}
