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

test("goes into messages and on behind them", () => {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).fork();
  writer.tag(2, WireType.LengthDelimited).string("inside").tag(9, WireType.Varint).uint32(300);
  const bytes = writer.join().tag(3, WireType.Bit32).fixed32(7).finish();
  const cursor = new Cursor(bytes, "it");
  expect(cursor.next()).toBe(true);
  const outer = cursor.enter(cursor.span("a message"), cursor.at);
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
