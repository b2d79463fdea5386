import { expect, it } from "vitest";
import { volumeOf } from "./volume.ts";

it("knows nothing before there were windows enough", () => {
  expect(volumeOf(5, [600, 600, 600, 600])).toBeUndefined();
});

it.each([
  [600, false],
  [301, false],
  [299, true],
  [0, true],
  [1200, false],
  [1201, true],
])("says of %d rows where 600 are usual whether that is unusual", (rows, isUnusual) => {
  expect(volumeOf(rows, [10, 590, 600, 610, 2000])).toEqual({ usual: 600, isUnusual });
});

it("takes few rows for chance", () => {
  expect(volumeOf(12, [5, 5, 5, 5, 5])).toEqual({ usual: 5, isUnusual: false });
  expect(volumeOf(15, [5, 5, 5, 5, 5])).toEqual({ usual: 5, isUnusual: true });
});

it("looks at the latest windows alone", () => {
  const before = [...Array.from({ length: 30 }, () => 1), ...Array.from({ length: 30 }, () => 600)];
  expect(volumeOf(600, before)).toEqual({ usual: 600, isUnusual: false });
});
