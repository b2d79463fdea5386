import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Cursor } from "./cursor.ts";
import {
  contentSize,
  FieldWriter,
  flagSize,
  numberSize,
  packedSize,
  textSize,
  withinSize,
} from "./field-writer.ts";
import { varintSize } from "./varint.ts";

it("writes what is read again, in exactly the size that was worked out", () => {
  const number = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
  const text = fc.string({ unit: "grapheme" });
  const property = fc.property(number, text, fc.array(number), (count, name, list) => {
    const packed = packedSize(list);
    const inner = numberSize(count) + textSize(name);
    const writer = new FieldWriter(
      withinSize(inner) + (list.length === 0 ? 0 : withinSize(packed)) + flagSize(true),
    );
    writer.begin(1, inner);
    writer.number(2, count);
    writer.text(3, name);
    writer.packed(4, list, packed);
    writer.flag(5, true);
    expect(readBack(writer.finish())).toEqual({ count, name, list, flag: true });
  });
  void fc.assert(property);
});

function readBack(bytes: Uint8Array) {
  const cursor = new Cursor(bytes);
  const read = { count: 0, name: "", list: [] as number[], flag: false };
  while (cursor.next()) {
    if (cursor.number === 1) Object.assign(read, readInner(cursor));
    else if (cursor.number === 4) cursor.integers("list", read.list, 1_000);
    else read.flag = cursor.flag("flag");
  }
  return read;
}

function readInner(cursor: Cursor) {
  const read = { count: 0, name: "" };
  const outer = cursor.open("inner");
  while (cursor.next()) {
    if (cursor.number === 2) read.count = cursor.integer("count");
    else read.name = cursor.text("name");
  }
  cursor.leave(outer);
  return read;
}

it.each([
  [0, 1],
  [127, 1],
  [128, 2],
  [2 ** 14 - 1, 2],
  [2 ** 14, 3],
  [2 ** 21, 4],
  [2 ** 28, 5],
  [2 ** 35 - 1, 5],
  [2 ** 35, 6],
  [Number.MAX_SAFE_INTEGER, 8],
])("knows that %i takes %i bytes", (value, size) => {
  expect(varintSize(value)).toBe(size);
});

it("leaves out what has its default value", () => {
  expect([numberSize(0), flagSize(false), textSize(""), contentSize(new Uint8Array())]).toEqual([
    0, 0, 0, 0,
  ]);
  const writer = new FieldWriter(0);
  writer.number(1, 0);
  writer.flag(2, false);
  writer.text(3, "");
  writer.content(4, new Uint8Array());
  writer.packed(5, [], 0);
  expect(writer.finish().byteLength).toBe(0);
});
