import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeText } from "./decode-text.ts";

test("gives back any text from the middle of other bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(9), (text, before) => {
      const bytes = new TextEncoder().encode(text);
      const around = new Uint8Array(before + bytes.length + 1).fill(255);
      around.set(bytes, before);
      expect(decodeText(around, before, before + bytes.length)).toBe(text);
    }),
  );
});

test("knows what is no UTF-8", () => {
  expect(decodeText(Uint8Array.of(65, 0xff), 0, 2)).toBeUndefined();
  expect(decodeText(Uint8Array.of(0xc3, 0xa4), 0, 1)).toBeUndefined();
});
