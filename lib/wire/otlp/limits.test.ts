import { expect, it } from "vitest";
import { cut, textCharsMax } from "./limits.ts";

it("cuts what is longer than is kept, and nothing else", () => {
  expect(cut("short")).toBe("short");
  expect(cut("é".repeat(textCharsMax))).toHaveLength(textCharsMax);
  expect(cut("é".repeat(textCharsMax + 1))).toBe("é".repeat(textCharsMax));
});
