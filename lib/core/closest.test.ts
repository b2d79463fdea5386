import { expect, test } from "vitest";
import { closest } from "./closest.ts";

const names = ["age", "income", "employment", "employment_years"];

test.each([
  ["incme", "income"],
  ["Income", "income"],
  ["employement", "employment"],
  ["employment_year", "employment_years"],
])("takes %s for %s", (text, meant) => {
  expect(closest(text, names)).toBe(meant);
});

test("names none where nothing is close", () => {
  expect(closest("zzzzzzzz", names)).toBeUndefined();
  expect(closest("x", [])).toBeUndefined();
});
