import * as fc from "fast-check";
import { expect, it } from "vitest";
import { decodeToken, encodeToken, formatRef, isModelName, parseVersion } from "./name.ts";

it.each(["wine", "a", "A-1_b.c", "0"])("accepts the model name %j", (name) => {
  expect(isModelName(name)).toBe(true);
});

it.each(["", ".hidden", "_x", "a b", "a/b", "ä", "x".repeat(65)])(
  "refuses the model name %j",
  (name) => {
    expect(isModelName(name)).toBe(false);
  },
);

it.each([
  ["1", 1],
  ["42", 42],
  ["2147483647", 2_147_483_647],
])("reads the version %s", (text, version) => {
  expect(parseVersion(text)).toBe(version);
});

it.each(["", "0", "01", "-1", "1.0", "1abc", "2147483648", "99999999999"])(
  "refuses the version %j",
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);

it("writes a reference as people type it", () => {
  expect(formatRef({ model: "wine", version: 2 })).toBe("wine@2");
});

it("encodes every name as a token of its own and back", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
  void fc.assert(
    fc.property(name, name, (one, two) => {
      expect(encodeToken(one)).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(decodeToken(encodeToken(one))).toBe(one);
      expect(encodeToken(one) === encodeToken(two)).toBe(one === two);
    }),
  );
});
