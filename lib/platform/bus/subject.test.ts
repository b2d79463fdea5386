import { expect, it } from "vitest";
import { matchesSubject } from "./subject.ts";

it.each([
  ["a.b", "a.b", true],
  ["a.b", "a.c", false],
  ["a.b", "a", false],
  ["a", "a.b", false],
  ["a.*", "a.b", true],
  ["*.b", "a.b", true],
  ["a.*", "a.b.c", false],
  ["a.>", "a.b", true],
  ["a.>", "a.b.c", true],
  ["a.>", "a", false],
  [">", "a", true],
])("pattern %s and subject %s: %s", (pattern, subject, expected) => {
  expect(matchesSubject(pattern, subject)).toBe(expected);
});
