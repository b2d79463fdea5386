import fc from "fast-check";
import { expect, test } from "vitest";
import { allocate, dtypes, type NumericData } from "#core/tensor/dtype.ts";
import { decodeRaw, encodeRaw } from "./raw.ts";

test("texts come back as they went, whatever they are made of", () => {
  const text = fc.string({ unit: "grapheme" }).filter((drawn) => !drawn.includes("\0"));
  fc.assert(
    fc.property(fc.array(text), (data) => {
      const shape = [data.length];
      const head = { name: "x", dtype: "BYTES" as const, shape, elements: data.length };
      const bytes = encodeRaw({ name: "x", dtype: "BYTES", shape, data });
      expect(decodeRaw(head, bytes, { from: 0, end: bytes.length })).toEqual(data);
    }),
  );
});

test("numbers come back as they went, from any alignment", () => {
  const numeric = dtypes.filter((dtype) => dtype !== "BYTES" && dtype !== "BOOL");
  fc.assert(
    fc.property(
      fc.constantFrom(...numeric),
      fc.nat(7),
      fc.uint8Array({ minLength: 24, maxLength: 24 }),
      (dtype, offset, bytes) => {
        const unaligned = new Uint8Array(40).subarray(offset, offset + 24);
        unaligned.set(bytes);
        const elements = 24 / (allocate(dtype, 1) as NumericData).BYTES_PER_ELEMENT;
        const shape = [elements];
        const data = decodeRaw({ name: "x", dtype, shape, elements }, unaligned, {
          from: 0,
          end: 24,
        });
        expect([...encodeRaw({ name: "x", dtype, shape, data })]).toEqual([...bytes]);
      },
    ),
  );
});
