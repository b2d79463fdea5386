import { expect, it } from "vitest";
import { JsonReader } from "./json-reader.ts";

it("reads what is as it should be", () => {
  const reader = new JsonReader();
  expect(reader.object({ a: 1 }, "x")).toEqual({ a: 1 });
  expect(reader.list([1], "x")).toEqual([1]);
  expect(reader.text("a", "x")).toBe("a");
  expect(reader.count(0, "x")).toBe(0);
  expect(reader.number(-0.5, "x")).toBe(-0.5);
  expect(reader.problems).toEqual([]);
});

it("remembers everything that is not, with its place", () => {
  const reader = new JsonReader();
  expect(reader.object([], "a")).toEqual({});
  expect(reader.list({}, "b")).toEqual([]);
  expect(reader.text("", "c")).toBe("");
  expect(reader.count(-1, "d")).toBe(0);
  expect(reader.count(2 ** 53, "e")).toBe(0);
  expect(reader.number(null, "f")).toBe(0);
  expect(reader.number(undefined, "g")).toBe(0);
  expect(reader.problems).toHaveLength(7);
  expect(reader.problems[3]).toBe('d: expected a count, got "-1"');
  expect(reader.problems[6]).toBe("g: expected a number, got nothing");
});
