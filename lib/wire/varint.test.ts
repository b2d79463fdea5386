import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { varintSize, writeVarint } from "./varint.ts";

const count = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(53).map((bits) => Math.min(2 ** bits, Number.MAX_SAFE_INTEGER)),
  fc.integer({ min: 1, max: 53 }).map((bits) => 2 ** bits - 1),
);

test("writes what protobuf-es writes, where it is to, in the size that was told", () => {
  fc.assert(
    fc.property(count, fc.nat(5), (value, at) => {
      const expected = new BinaryWriter().uint64(BigInt(value)).finish();
      const target = new Uint8Array(20);
      expect(writeVarint(target, at, value)).toBe(at + varintSize(value));
      expect(target.slice(at, at + varintSize(value))).toEqual(expected);
    }),
    { numRuns: 1_000 },
  );
});
