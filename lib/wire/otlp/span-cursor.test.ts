import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, it } from "vitest";
import { SpanCursor } from "./span-cursor.ts";

function cursorAt(bytes: Uint8Array): SpanCursor {
  const cursor = new SpanCursor(bytes);
  cursor.next();
  return cursor;
}

it("reads nanoseconds as whole microseconds", () => {
  const property = fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanos) => {
    const bytes = new BinaryWriter().tag(1, 1).fixed64(nanos).finish();
    expect(cursorAt(bytes).micros("time")).toBe(Number(nanos / 1000n));
  });
  fc.assert(property);
});

it("reads integers, as text where no double holds them", () => {
  const property = fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
    const bytes = new BinaryWriter().tag(1, 0).int64(value).finish();
    const number = Number(value);
    const expected = Number.isSafeInteger(number) ? number : String(value);
    expect(cursorAt(bytes).whole("value")).toBe(expected);
  });
  fc.assert(property);
});

it("reads ids of the right size that are not all zeros", () => {
  const id = (value: Uint8Array) => {
    const bytes = new BinaryWriter().tag(1, 2).bytes(value).finish();
    return cursorAt(bytes).id("id", 8);
  };
  expect(id(Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 255))).toBe("00010203040506ff");
  expect(id(new Uint8Array(8))).toBe("");
  expect(id(Uint8Array.of(1))).toBe("");
});

it("goes on where a text is no valid UTF-8", () => {
  const bytes = new BinaryWriter().tag(1, 2).bytes(Uint8Array.of(0x61, 0xff)).finish();
  expect(cursorAt(bytes).cutText("name")).toBe("a\ufffd");
});
