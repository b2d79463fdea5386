import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tensor } from "#core/tensor/tensor.ts";
import { packTexts, unpackTexts } from "./packed-texts.ts";

const anyText = fc.string({ unit: "binary", maxLength: 9 });

test("texts come out as they went in", () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyText, { maxLength: 9 }), { maxLength: 3 }), (columns) => {
      const tensors = columns.map((data, index): Tensor => {
        return { name: `t${index}`, dtype: "BYTES", shape: [data.length], data };
      });
      expect(unpacked(tensors).tensors).toEqual(tensors);
    }),
  );
});

test("numbers stay as they are", () => {
  const tensor: Tensor = { name: "x", dtype: "FP32", shape: [1], data: Float32Array.of(1) };
  expect(unpacked([tensor])).toEqual({ tensors: [tensor], turns: 0 });
});

test("many texts are unpacked in turns", () => {
  const data = Array.from({ length: 100_000 }, (_, index) => `${index}`);
  const tensor: Tensor = { name: "x", dtype: "BYTES", shape: [data.length], data };
  const { tensors, turns } = unpacked([tensor]);
  expect(tensors[0]?.data).toEqual(data);
  expect(turns).toBe(7);
});

function unpacked(tensors: readonly Tensor[]): { readonly tensors: Tensor[]; turns: number } {
  const unpacking = unpackTexts(structuredClone(tensors.map(packTexts)));
  for (let turns = 0; ; turns += 1) {
    const step = unpacking.next();
    if (step.done === true) return { tensors: step.value, turns };
  }
}
