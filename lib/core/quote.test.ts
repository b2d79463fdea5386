import { expect, test } from "vitest";
import { quote, quoteAll } from "./quote.ts";

test("quotes a name and escapes what would break a line", () => {
  expect(quote("income")).toBe('"income"');
  expect(quote('a"\n')).toBe('"a\\"\\n"');
});

test("cuts a name of any length to eighty characters", () => {
  expect(quote("x".repeat(10_000_000)).length).toBe(82);
});

test("lists the first names and counts the others", () => {
  expect(quoteAll(["a", "b"])).toBe('"a", "b"');
  expect(quoteAll(["a", "b", "c"], 1)).toBe('"a" and 2 more');
  expect(quoteAll([])).toBe("none");
});
