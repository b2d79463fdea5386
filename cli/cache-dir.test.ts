import { expect, it } from "vitest";
import { toCacheDir } from "./cache-dir.js";

it("finds the cache by its own setting, the user's caches or the home folder", () => {
  expect(toCacheDir({ SLUICE_CACHE: "/c", XDG_CACHE_HOME: "/x" })).toBe("/c");
  expect(toCacheDir({ XDG_CACHE_HOME: "/x" })).toBe("/x/sluice");
  expect(toCacheDir({})).toMatch(/\/\.cache\/sluice$/);
});
