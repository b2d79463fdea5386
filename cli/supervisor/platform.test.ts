import { expect, it } from "vitest";
import { thisPlatform, unsupportedPlatform } from "./platform.ts";

it("runs here", () => {
  expect(unsupportedPlatform(thisPlatform())).toBeUndefined();
});

it.each([
  ["linux", "arm64", true, undefined],
  ["darwin", "arm64", false, undefined],
  ["linux", "x64", false, /musl/],
  ["darwin", "x64", false, /Intel/],
  ["win32", "x64", false, /Windows/],
  ["linux", "ia32", true, /not on linux ia32/],
])("on %s %s, glibc %s: %s", (system, architecture, hasGlibc, expected) => {
  const problem = unsupportedPlatform({ system, architecture, hasGlibc });
  if (expected === undefined) expect(problem).toBeUndefined();
  else expect(problem).toMatch(expected);
});
