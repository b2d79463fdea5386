import * as fc from "fast-check";
import { expect, it } from "vitest";
import { SequenceWindow } from "./sequence-window.ts";

it("takes every sequence once, in whatever order they come, and counts the holes", () => {
  const order = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 60 });
  void fc.assert(
    fc.property(order, (sequences) => {
      const window = new SequenceWindow(64);
      const seen = new Set<number>();
      for (const seq of sequences) {
        expect(window.accept(seq)).toBe(!seen.has(seq));
        seen.add(seq);
      }
      expect(window.missing).toBe(Math.max(0, ...seen) - seen.size);
    }),
  );
});

it("goes on from its state as if nothing had happened", () => {
  const order = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 60 });
  void fc.assert(
    fc.property(order, fc.nat(60), (sequences, cut) => {
      const whole = new SequenceWindow(3);
      let parted = new SequenceWindow(3);
      sequences.forEach((seq, index) => {
        if (index === cut) parted = new SequenceWindow(3, parted.state());
        expect(parted.accept(seq)).toBe(whole.accept(seq));
      });
      expect(parted.state()).toEqual(whole.state());
    }),
  );
});

it("gives up the oldest hole when there are too many", () => {
  const window = new SequenceWindow(2);
  for (const seq of [3, 5, 7]) window.accept(seq);
  expect(window.missing).toBe(4);
  expect(window.accept(1)).toBe(false);
  expect(window.accept(4)).toBe(true);
  expect(window.missing).toBe(3);
});

it("stays bounded when a hole is filled from its middle", () => {
  const window = new SequenceWindow(1);
  window.accept(10);
  window.accept(5);
  expect(window.state().gaps).toHaveLength(1);
  expect(window.missing).toBe(8);
});
