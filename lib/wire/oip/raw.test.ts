import fc from "fast-check";
import { expect, test } from "vitest";
import { allocate, dtypes, type NumericData } from "#core/tensor/dtype.ts";
import { type BadElement, decodeRaw, encodeRaw } from "./raw.ts";

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

test("elements that are no values are noted, all others come back", () => {
  const invalid = fc.constantFrom(Uint8Array.of(0xff), Uint8Array.of(0xc3), Uint8Array.of(97, 0));
  const valid = fc.string({ unit: "grapheme" }).filter((drawn) => !drawn.includes("\0"));
  fc.assert(
    fc.property(fc.array(fc.oneof(valid, invalid), { minLength: 1 }), (drawn) => {
      const bytes = Buffer.concat(
        drawn.flatMap((text) => {
          const own = Buffer.from(text as string);
          const length = Buffer.alloc(4);
          length.writeUInt32LE(own.byteLength);
          return [length, own];
        }),
      );
      const elements = drawn.length;
      const bad: BadElement[] = [];
      const head = { name: "x", dtype: "BYTES" as const, shape: [elements], elements, bad };
      const range = { from: 0, end: bytes.length };
      expect(decodeRaw(head, bytes, range)).toEqual(
        drawn.map((text) => (typeof text === "string" ? text : "")),
      );
      const indices = drawn.flatMap((text, index) => (typeof text === "string" ? [] : [index]));
      expect(bad.map(({ index }) => index)).toEqual(indices);
      for (const { input, index, problem } of bad) {
        expect([input, problem]).toEqual(["x", expect.stringContaining(`element ${index} `)]);
      }
      const whole = () => decodeRaw({ ...head, bad: undefined }, bytes, range);
      if (bad.length > 0) expect(whole).toThrow(bad[0]?.problem);
    }),
  );
});

test("only so many elements that are no values are noted", () => {
  const elements = 65_537;
  const bytes = new Uint8Array(elements).fill(2);
  const bad: BadElement[] = [];
  const head = { name: "x", dtype: "BOOL" as const, shape: [elements], elements, bad };
  const decode = () => decodeRaw(head, bytes, { from: 0, end: elements });
  expect(decode).toThrow("a BOOL is 0 or 1, but element 65536 is 2");
  expect(bad).toHaveLength(65_536);
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
