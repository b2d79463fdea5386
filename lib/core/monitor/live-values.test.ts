import * as fc from "fast-check";
import { expect, it } from "vitest";
import { toHalf } from "../tensor/half.ts";
import { toDoubles, toTexts } from "./live-values.ts";

it("rounds 64-bit integers as a conversion would", () => {
  const signed = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  void fc.assert(
    fc.property(fc.array(signed), (values) => {
      const doubles = toDoubles("INT64", BigInt64Array.from(values));
      expect([...doubles]).toEqual(values.map(Number));
      const unsigned = BigUint64Array.from(values.map((value) => BigInt.asUintN(64, value)));
      expect([...toDoubles("UINT64", unsigned)]).toEqual([...unsigned].map(Number));
    }),
  );
});

it("reads half precision from its bits", () => {
  const halves = Uint16Array.of(toHalf(0.5), toHalf(-2), 0x7c00);
  expect([...toDoubles("FP16", halves)]).toEqual([0.5, -2, Number.POSITIVE_INFINITY]);
  expect(toTexts("FP16", halves).dictionary).toEqual(["0.5", "-2", "Infinity"]);
});

it("widens what is narrow", () => {
  expect([...toDoubles("FP32", Float32Array.of(0.1))]).toEqual([Math.fround(0.1)]);
  expect([...toDoubles("INT8", Int8Array.of(-3))]).toEqual([-3]);
});

it("takes numbers for the texts a baseline knows them by", () => {
  const { dictionary, codes } = toTexts("INT64", BigInt64Array.of(2n, -1n, 2n));
  expect(dictionary).toEqual(["2", "-1"]);
  expect(Array.from(codes)).toEqual([0, 1, 0]);
});
