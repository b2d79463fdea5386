import * as fc from "fast-check";
import { expect, it } from "vitest";
import { cachedText, cachedTextBytesMax } from "./text-cache.ts";

const encoder = new TextEncoder();

it("gives the text of any short ASCII, seen before or not", () => {
  const ascii = fc.string({ unit: "binary-ascii", maxLength: cachedTextBytesMax });
  const property = fc.property(fc.array(ascii), (texts) => {
    for (const text of [...texts, ...texts]) {
      const bytes = encoder.encode(`<${text}>`);
      expect(cachedText(bytes, 1, bytes.byteLength - 1)).toBe(text);
    }
  });
  void fc.assert(property);
});

it("leaves what is not ASCII to others", () => {
  const bytes = encoder.encode("naïve");
  expect(cachedText(bytes, 0, bytes.byteLength)).toBeUndefined();
  expect(cachedText(bytes, 0, 2)).toBe("na");
});
