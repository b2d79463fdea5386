import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Failure } from "#core/failure.ts";
import { Cursor } from "./cursor.ts";

test("reads all 64 bits of any number", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const cursor = new Cursor(new BinaryWriter().int64(value).finish(), "it");
      const low = BigInt(cursor.varint() >>> 0);
      expect((BigInt(cursor.high) << 32n) | low).toBe(value);
      expect(cursor.at).toBe(cursor.end);
    }),
  );
});

test("reads counts of up to 53 bits, and refuses others", () => {
  const any = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt(0n, 2n ** 54n));
  fc.assert(
    fc.property(any, (value) => {
      const bytes = new BinaryWriter().tag(3, WireType.Varint).uint64(value).finish();
      const cursor = new Cursor(bytes);
      expect([cursor.next(), cursor.number]).toEqual([true, 3]);
      if (value > Number.MAX_SAFE_INTEGER) {
        expect(() => cursor.integer("count")).toThrow("count has more than 53 bits");
      } else expect(cursor.integer("count")).toBe(Number(value));
      const again = new Cursor(bytes);
      again.next();
      expect(again.bits64("count")).toBe(value);
    }),
  );
});

test("reads lists of counts, packed and one by one, up to so many", () => {
  const count = fc.nat(Number.MAX_SAFE_INTEGER);
  fc.assert(
    fc.property(fc.array(count), fc.array(count), (packed, single) => {
      const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).fork();
      for (const value of packed) writer.uint64(value);
      writer.join();
      for (const value of single) writer.tag(1, WireType.Varint).uint64(value);
      const read = (countMax: number) => {
        const cursor = new Cursor(writer.finish());
        const values: number[] = [];
        while (cursor.next()) cursor.integers("counts", values, countMax);
        return values;
      };
      const all = [...packed, ...single];
      const bytes = writer.finish();
      writer.raw(bytes);
      expect(read(all.length)).toEqual(all);
      writer.raw(bytes);
      if (all.length > 0) {
        expect(() => read(all.length - 1)).toThrow(`counts has more than ${all.length - 1} values`);
      }
    }),
  );
});

test("gives bytes as views, and texts beyond ASCII and beyond the short form", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string({ unit: "grapheme" }), (content, text) => {
      const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(content);
      const bytes = writer.tag(2, WireType.LengthDelimited).string(text.repeat(9)).finish();
      const cursor = new Cursor(bytes);
      cursor.next();
      const view = cursor.content("data");
      expect([[...view], view.buffer]).toEqual([[...content], bytes.buffer]);
      cursor.next();
      expect(cursor.text("name")).toBe(text.repeat(9));
    }),
  );
});

test("goes into messages and on behind them", () => {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).fork();
  writer.tag(2, WireType.LengthDelimited).string("inside").tag(9, WireType.Varint).uint32(300);
  const bytes = writer.join().tag(3, WireType.Bit32).fixed32(7).finish();
  const cursor = new Cursor(bytes, "it");
  expect(cursor.next()).toBe(true);
  const outer = cursor.open("a message");
  expect(cursor.next()).toBe(true);
  expect(cursor.text("a text")).toBe("inside");
  expect(cursor.next()).toBe(true);
  cursor.skip();
  expect(cursor.next()).toBe(false);
  cursor.leave(outer);
  expect(cursor.next()).toBe(true);
  expect([cursor.number, bytes[cursor.fixed(4)]]).toEqual([3, 7]);
  expect(cursor.next()).toBe(false);
});

test("says where a message stops making sense", () => {
  const cursor = new Cursor(Uint8Array.of(10, 5, 65), "the thing");
  cursor.next();
  expect(() => cursor.text("a name")).toThrow("the thing: 5 bytes announced, 1 left (at byte 2)");
});

test("passes over values of every wire type", () => {
  const fixed = [...Array(8).keys()];
  const bytes = Uint8Array.of(
    ...[0x08, 0xff, 0x01],
    ...[0x09, ...fixed],
    ...[0x0a, 0x01, 0x00],
    ...[0x0b, 0x08, 0x01, 0x13, 0x14, 0x0c],
    ...[0x0d, 0, 0, 0, 0],
  );
  const cursor = new Cursor(bytes);
  let count = 0;
  for (; cursor.next(); count += 1) cursor.skip();
  expect(count).toBe(5);
});

test.each<[string, number[], RegExp]>([
  ["a tag cut short", [0x80], /it ends inside a number \(at byte \d\)/],
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
  const walk = () => {
    const cursor = new Cursor(Uint8Array.from(bytes));
    while (cursor.next()) cursor.skip();
  };
  expect(walk).toThrow(message);
  expect(walk).toThrow("the request is not a valid protobuf message: ");
});

test("refuses a field of another wire type than its own, and a text that is not UTF-8", () => {
  const number = new Cursor(Uint8Array.of(0x08, 0x01));
  number.next();
  expect(() => number.text("model_name")).toThrow("model_name has wire type 0, expected 2");
  const text = new Cursor(Uint8Array.of(0x0a, 0x01, 0xff));
  text.next();
  expect(() => text.text("id")).toThrow("id is not valid UTF-8");
});

test("walks over any bytes or fails with a Failure", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const cursor = new Cursor(bytes, "it");
      try {
        while (cursor.next()) cursor.skip();
        expect(cursor.at).toBe(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Failure);
      }
    }),
    { numRuns: 2000 },
  );
});
