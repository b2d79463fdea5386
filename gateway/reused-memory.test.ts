import { expect, it } from "vitest";
import { reusedMemory } from "./reused-memory.ts";

it("gives the same memory again, and more where that is needed", () => {
  const memory = reusedMemory();
  const small = memory(100);
  expect(memory(4_096)).toBe(small);
  const large = memory(256 * 1024);
  expect(large).toHaveLength(256 * 1024);
  expect(memory(100)).toBe(large);
});

it("keeps nothing of a message that is larger than any with payloads", () => {
  const memory = reusedMemory();
  const small = memory(100);
  expect(memory(300_000)).toHaveLength(300_000);
  expect(memory(100)).toBe(small);
});
