import { expect, test } from "vitest";
import { defaultLevel, levelOf } from "./priority.ts";

test("the default is the middle level, the more urgent of two", () => {
  expect([0, 1, 2, 3, 4, 5].map(defaultLevel)).toEqual([0, 1, 1, 2, 2, 3]);
});

test("no priority and one beyond the levels stand for the default", () => {
  expect([0, 1, 2, 3, 4].map((priority) => levelOf(priority, 3))).toEqual([2, 1, 2, 3, 2]);
  expect([0, 1, 7].map((priority) => levelOf(priority, 0))).toEqual([0, 0, 0]);
});
