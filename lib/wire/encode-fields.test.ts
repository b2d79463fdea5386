import { BinaryReader } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { joinBytes, lengthDelimited } from "./encode-fields.ts";
import { varintSize, writeVarint } from "./varint.ts";

test("writes numbers as protobuf-es reads them, in as many bytes as it says", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const bytes = new Uint8Array(varintSize(value));
      expect(writeVarint(bytes, 0, value)).toBe(bytes.length);
      expect(Number(new BinaryReader(bytes).uint64())).toBe(value);
    }),
  );
});

test("writes fields of text and bytes", () => {
  const bytes = joinBytes(lengthDelimited(3, "ä"), lengthDelimited(20, Uint8Array.of(7)));
  const reader = new BinaryReader(bytes);
  expect(reader.tag()).toEqual([3, 2]);
  expect(reader.string()).toBe("ä");
  expect(reader.tag()).toEqual([20, 2]);
  expect([...reader.bytes()]).toEqual([7]);
});
