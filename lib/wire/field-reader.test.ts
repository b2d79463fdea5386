import { expect, it } from "vitest";
import { FieldReader } from "./field-reader.ts";

function reader(...bytes: number[]): FieldReader {
  return new FieldReader(Uint8Array.from(bytes));
}

it("comes to every field and knows where the next begins", () => {
  const fields = reader(0x08, 0x01, 0x12, 0x02, 0x68, 0x69);
  expect(fields.next()).toBe(true);
  expect([fields.number, fields.wire, fields.bits64("count")]).toEqual([1, 0, 1n]);
  expect(fields.next()).toBe(true);
  expect([fields.number, fields.text("name"), fields.at]).toEqual([2, "hi", 6]);
  expect(fields.next()).toBe(false);
});

it("reads texts beyond ASCII and beyond the short form", () => {
  const text = "ä".repeat(50);
  const bytes = new TextEncoder().encode(text);
  const fields = reader(0x0a, bytes.length, ...bytes);
  fields.next();
  expect(fields.text("name")).toBe(text);
});

it("reads a message inside a message", () => {
  const fields = reader(0x0a, 0x02, 0x08, 0x07);
  fields.next();
  const inner = fields.message("inner");
  expect(inner.next()).toBe(true);
  expect(inner.bits64("count")).toBe(7n);
  expect(inner.next()).toBe(false);
  expect(fields.next()).toBe(false);
});

it("passes over values of every wire type", () => {
  const fixed = [...Array(8).keys()];
  const fields = reader(
    ...[0x08, 0xff, 0x01],
    ...[0x09, ...fixed],
    ...[0x0a, 0x01, 0x00],
    ...[0x0b, 0x08, 0x01, 0x13, 0x14, 0x0c],
    ...[0x0d, 0, 0, 0, 0],
  );
  let count = 0;
  while (fields.next()) {
    fields.skip();
    count += 1;
  }
  expect(count).toBe(5);
});

it.each<[string, number[], RegExp]>([
  ["a tag cut short", [0x80], /it ends inside a number \(at byte 1\)/],
  ["field number 0", [0x00, 0x00], /field number 0/],
  ["a tag of more than 32 bits", [0xff, 0xff, 0xff, 0xff, 0x7f, 0x00], /more than 32 bits/],
  ["a length past the end", [0x0a, 0x05, 0x01], /5 bytes announced, 1 left \(at byte 2\)/],
  ["a wire type that does not exist", [0x0f], /wire type 7/],
  ["the end of a group that never began", [0x0c], /wire type 4/],
  ["a group that never ends", [0x0b, 0x08, 0x01], /ends inside a number/],
  ["a group of more than 64 KiB", [0x0b, ...Array<number>(70_000).fill(0x08), 0x0c], /65536 bytes/],
  ["groups in groups in groups", Array<number>(40).fill(0x0b), /deeper than 16/],
  ["a number that never ends", [0x08, ...Array<number>(11).fill(0x80)], /more than 10 bytes/],
])("refuses %s", (_, bytes, message) => {
  const fields = reader(...bytes);
  expect(() => {
    while (fields.next()) fields.skip();
  }).toThrow(message);
});

it("refuses a field of another wire type than its own", () => {
  const fields = reader(0x08, 0x01);
  fields.next();
  expect(() => fields.text("model_name")).toThrow(/model_name has wire type 0, expected 2/);
});

it("refuses a text that is not UTF-8", () => {
  const fields = reader(0x0a, 0x01, 0xff);
  fields.next();
  expect(() => fields.text("id")).toThrow("id is not valid UTF-8");
});
