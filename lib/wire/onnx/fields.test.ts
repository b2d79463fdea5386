import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { fieldsOf, lengthPrefix } from "./fields.ts";

it("walks over every kind of field", () => {
  const message = new BinaryWriter()
    .tag(1, WireType.Varint)
    .uint32(300)
    .tag(2, WireType.LengthDelimited)
    .string("text")
    .tag(3, WireType.Bit32)
    .float(1)
    .tag(4, WireType.Bit64)
    .double(2)
    .finish();
  const fields = [...fieldsOf(message)];
  expect(fields.map(({ number, integer }) => [number, integer])).toEqual([
    [1, 300n],
    [2, 0n],
    [3, 0n],
    [4, 0n],
  ]);
  expect(new TextDecoder().decode(fields[1]?.content)).toBe("text");
  expect(fields[1]?.content?.buffer).toBe(message.buffer);
  expect(fields.map(({ start }) => start)).toEqual([0, 3, 9, 14]);
  expect(fields.at(-1)?.end).toBe(message.length);
});

it("writes the prefix of a field that it reads", () => {
  const content = new Uint8Array(200).fill(7);
  const message = Uint8Array.of(...lengthPrefix(7, content.length), ...content);
  expect([...fieldsOf(message)]).toMatchObject([{ number: 7, end: message.length, content }]);
});

it("throws on a message that is cut short", () => {
  const message = Uint8Array.of(...lengthPrefix(7, 9), 1, 2, 3);
  expect(() => [...fieldsOf(message)]).toThrow(Failure);
  expect(() => [...fieldsOf(Uint8Array.of(0x1d, 0))]).toThrow(Failure);
});

it("ends on any bytes at all", () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        const fields = [...fieldsOf(bytes)];
        expect(fields.at(-1)?.end ?? 0).toBe(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
