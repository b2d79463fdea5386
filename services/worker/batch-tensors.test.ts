import { expect, test } from "vitest";
import { SlabPool } from "#core/slab-pool.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import { assembleInputs, placesOf, rebuildInputs, sliceOutputs } from "./batch-tensors.ts";

const slabs = new SlabPool(1 << 20);

function floats(rows: number, width: number, value: number): Tensor {
  const data = new Float32Array(rows * width).fill(value);
  return { name: "x", dtype: "FP32", shape: [rows, width], data };
}

function member(...inputs: readonly Tensor[]) {
  return { range: { from: 0, to: inputs[0]?.shape[0] ?? 0 }, inputs };
}

test("puts members below one another in one buffer, each input where it is aligned", () => {
  const flag = (values: number[]): Tensor => {
    return { name: "f", dtype: "BOOL", shape: [values.length], data: Uint8Array.from(values) };
  };
  const text = (data: string[]): Tensor => ({ name: "t", dtype: "BYTES", shape: [1], data });
  const batch = assembleInputs(
    [
      member(flag([1]), text(["a"]), floats(1, 2, 5)),
      member(flag([0, 1]), text(["b"]), floats(2, 2, 6)),
    ],
    slabs,
  );
  expect(batch).toMatchObject({ comesBack: false, isMoved: false });
  expect(batch.buffers).toHaveLength(1);
  const [flags, texts, numbers] = batch.inputs;
  expect(flags).toEqual({ ...flag([1, 0, 1]), shape: [3] });
  expect(texts?.data).toEqual(["a", "b"]);
  expect(numbers).toMatchObject({ shape: [3, 2], data: Float32Array.of(5, 5, 6, 6, 6, 6) });
  for (const { data } of [flags, numbers].flatMap((each) => each ?? [])) {
    if (Array.isArray(data)) continue;
    expect(data.byteOffset % 64).toBe(0);
    expect(data.buffer).toBe(batch.buffers[0]);
  }
});

test("gives large numbers of one member away as they are, and finds them again", () => {
  const large = floats(10, 1000, 7);
  const batch = assembleInputs([member(large)], slabs);
  expect(batch).toMatchObject({ comesBack: true, isMoved: true });
  expect(batch.inputs[0]?.data).toBe(large.data);
  const places = placesOf(batch.inputs);
  const away = structuredClone(batch.inputs, { transfer: [...batch.buffers] });
  expect(large.data.length).toBe(0);
  const [back] = away;
  if (back === undefined || Array.isArray(back.data)) throw new Error("numbers went");
  expect(rebuildInputs(places, [back.data.buffer as ArrayBuffer])).toEqual([floats(10, 1000, 7)]);
});

test("copies what is part of something larger, and small numbers", () => {
  const whole = new Float32Array(20_000).fill(3);
  const part: Tensor = { ...floats(10, 1000, 3), data: whole.subarray(100, 10_100) };
  for (const each of [part, floats(1, 2, 3)]) {
    const batch = assembleInputs([member(each)], slabs);
    expect(batch.isMoved).toBe(false);
    expect(batch.inputs).toEqual([each]);
    expect(batch.buffers).not.toContain(whole.buffer);
  }
});

test("takes members' rows out of the outputs, and refuses another count", () => {
  const members = [member(floats(1, 1, 0)), member(floats(2, 1, 0))];
  const output: Tensor = { ...floats(3, 1, 0), data: Float32Array.of(1, 2, 3) };
  const sliced = sliceOutputs([output], members).map(([first]) => [...(first?.data ?? [])]);
  expect(sliced).toEqual([[1], [2, 3]]);
  expect(() => sliceOutputs([floats(2, 1, 0)], members)).toThrow("[2,1] for 3 rows");
});
