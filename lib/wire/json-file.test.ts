import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { readJsonFile } from "./json-file.ts";

it("gives what is read", () => {
  expect(readJsonFile('{"a": 1}', "x.json", (root, reader) => reader.count(root["a"], "a"))).toBe(
    1,
  );
});

it("names the file and its problems, not all of many", () => {
  const read = (text: string) =>
    readJsonFile(text, "x.json", (_, reader) => {
      for (let place = 0; place < 10; place += 1) reader.problem(`a[${place}]`, "is odd");
    });
  expect(() => read("{}")).toThrow(Failure);
  expect(() => read("{}")).toThrow(/^x\.json cannot be used: a\[0\]: is odd; .*; and 2 more$/);
  expect(() => read("{")).toThrow("x.json cannot be used: ");
  expect(() => read("[]")).toThrow('x.json: expected an object, got "[]"');
});
