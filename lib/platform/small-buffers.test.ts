import { expect, it } from "vitest";
import { smallBuffer } from "./small-buffers.ts";

it("gives nobody bytes that another has", () => {
  const buffers = Array.from({ length: 300 }, (_, index) => smallBuffer(index * 5).fill(index));
  for (const [index, buffer] of buffers.entries()) {
    expect(buffer.byteLength).toBe(index * 5);
    expect(buffer.every((byte) => byte === index % 256)).toBe(true);
  }
});

it("lets a small one keep little more alive than itself, and a large one nothing", () => {
  expect(smallBuffer(300).buffer.byteLength).toBe(8 * 1024);
  expect(smallBuffer(1_025).buffer.byteLength).toBe(1_025);
});
