import { describe, expect, it } from "vitest";
import { allocate, type Dtype, dtypes, type TensorData } from "#core/tensor/dtype.ts";
import { toHalf } from "#core/tensor/half.ts";
import type { Tensor } from "#core/tensor/tensor.ts";
import {
  everyDtypeModel,
  identityModel,
  keptOutModel,
  lookupModel,
  mlpModel,
  scalarModel,
} from "../../test/support/models.ts";
import { openOnnxSession } from "./onnx-session.ts";
import type { Session } from "./session.ts";

const samples: Record<Dtype, TensorData> = {
  BOOL: Uint8Array.of(0, 1, 1, 0),
  UINT8: Uint8Array.of(0, 1, 2, 255),
  UINT16: Uint16Array.of(0, 1, 2, 65_535),
  UINT32: Uint32Array.of(0, 1, 2, 2 ** 32 - 1),
  UINT64: BigUint64Array.of(0n, 1n, 2n, 2n ** 64n - 1n),
  INT8: Int8Array.of(-128, -1, 0, 127),
  INT16: Int16Array.of(-32_768, -1, 0, 32_767),
  INT32: Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1),
  INT64: BigInt64Array.of(-(2n ** 63n), -1n, 0n, 2n ** 63n - 1n),
  FP16: Uint16Array.from([0.5, -65_504, Number.NaN, Infinity], toHalf),
  FP32: Float32Array.of(0.1, -0, Number.NaN, -Infinity),
  FP64: Float64Array.of(0.1, -0, Number.NaN, 1e300),
  BYTES: ["", "a", "ünï", "日本 🙂"],
};

describe.each(dtypes)("%s", (dtype) => {
  it("goes through the runtime and comes back as it was", async () => {
    await using session = await open(identityModel(dtype));
    const x: Tensor = { name: "x", dtype, shape: [2, 2], data: samples[dtype] };
    expect(await session.run([x], ["y"])).toEqual([{ ...x, name: "y" }]);
  });

  it("may be a part of something larger, at any offset", async () => {
    await using session = await open(identityModel(dtype));
    const { data } = { data: samples[dtype] };
    const part = Array.isArray(data) ? data.slice(2) : data.subarray(2);
    const x: Tensor = { name: "x", dtype, shape: [1, 2], data: part };
    expect(await session.run([x], ["y"])).toEqual([{ ...x, name: "y" }]);
  });

  it("may have no elements", async () => {
    await using session = await open(identityModel(dtype));
    const x: Tensor = { name: "x", dtype, shape: [0, 2], data: allocate(dtype, 0) };
    expect(await session.run([x], ["y"])).toEqual([{ ...x, name: "y" }]);
  });
});

it("runs every data type in one model, and answers in the order asked for", async () => {
  await using session = await open(everyDtypeModel());
  const inputs = dtypes.map((dtype) => {
    return { name: `x_${dtype}`, dtype, shape: [2, 2], data: samples[dtype] };
  });
  const names = dtypes.map((dtype) => `y_${dtype}`).reverse();
  const outputs = await session.run(inputs, names);
  expect(outputs.map((output) => output.name)).toEqual(names);
  for (const output of outputs) expect(output.data).toEqual(samples[output.dtype]);
});

it("runs a model without any dimension", async () => {
  await using session = await open(scalarModel());
  const x: Tensor = { name: "x", dtype: "FP32", shape: [], data: Float32Array.of(21) };
  expect(await session.run([x], ["y"])).toEqual([
    { name: "y", dtype: "FP32", shape: [], data: Float32Array.of(42) },
  ]);
});

it("tells what the runtime knows of outputs", async () => {
  await using session = await open(mlpModel([4, 3]));
  expect(session.outputs).toEqual([{ name: "y", shape: [-1, 3] }]);
});

it("fails a run on values the model does not take, and goes on", async () => {
  await using session = await open(lookupModel(4));
  const at = (index: bigint): Tensor[] => [
    { name: "x", dtype: "INT64", shape: [1], data: BigInt64Array.of(index) },
  ];
  await expect(session.run(at(9n), ["y"])).rejects.toMatchObject({
    code: "internal",
    message: expect.stringMatching(/^the model failed: .*idx=9 must be within/),
  });
  expect(await session.run(at(3n), ["y"])).toHaveLength(1);
});

it("fails to load what is no model, with the runtime's reason in one line", async () => {
  const bytes = keptOutModel("sequence").subarray(0, 40);
  await expect(open(bytes)).rejects.toMatchObject({
    code: "failed-precondition",
    message: expect.stringMatching(/^model\.onnx cannot be loaded: [^\n]+$/),
  });
});

function open(bytes: Uint8Array): Promise<Session> {
  const source = { kind: "bytes", bytes, folder: "." } as const;
  return openOnnxSession({ source, threads: 1, isFixedShape: false });
}
