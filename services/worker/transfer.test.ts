import { expect, it } from "vitest";
import type { Tensor } from "#core/tensor/tensor.ts";
import { buffersOf, toMovable } from "./transfer.ts";

it("moves arrays that span their buffer, and copies what is part of something larger", () => {
  const whole = tensor(Float32Array.of(1, 2));
  const part = tensor(new Float32Array(100).subarray(3, 5));
  const texts: Tensor = { name: "t", dtype: "BYTES", shape: [1], data: ["a"] };
  const movable = toMovable([whole, part, texts]);
  expect(movable).toEqual([whole, part, texts]);
  expect(movable[0]?.data).toBe(whole.data);
  expect(buffersOf(movable).map((buffer) => buffer.byteLength)).toEqual([8, 8]);
});

it("moves a buffer that two tensors share only once", () => {
  const data = Float32Array.of(1, 2);
  const buffers = buffersOf(toMovable([tensor(data), tensor(data)]));
  expect(new Set(buffers).size).toBe(2);
});

it("copies numbers out of a pooled buffer", () => {
  const pooled = Buffer.from("pooled");
  const [movable] = toMovable([{ name: "x", dtype: "UINT8", shape: [6], data: pooled }]);
  const buffers = buffersOf(movable === undefined ? [] : [movable]);
  expect(() => structuredClone(movable, { transfer: buffers })).not.toThrow();
  expect(pooled.toString()).toBe("pooled");
});

function tensor(data: Float32Array): Tensor {
  return { name: "x", dtype: "FP32", shape: [data.length], data };
}
