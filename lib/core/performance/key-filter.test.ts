import { expect, it } from "vitest";
import { seededDraw } from "../random.ts";
import { KeyFilter } from "./key-filter.ts";

it("knows every key that was added, and few that were not", () => {
  const draw = seededDraw(1);
  const half = () => Math.floor(draw() * 2 ** 32);
  const filter = KeyFilter.of(10_000);
  const keys = Array.from({ length: 10_000 }, () => [half(), half()] as const);
  for (const [low, high] of keys) filter.add(low, high);
  const restored = new KeyFilter(filter.bits.slice());
  expect(keys.every(([low, high]) => restored.mayHave(low, high))).toBe(true);
  const others = Array.from({ length: 10_000 }, () => restored.mayHave(half(), half()));
  expect(others.filter(Boolean).length).toBeLessThan(30);
});
