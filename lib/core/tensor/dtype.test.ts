import { describe, expect, it } from "vitest";
import {
  allocate,
  configOfDtype,
  copyPacked,
  dtypeOfOnnx,
  dtypes,
  elementBytes,
  isDtype,
  onnxOfDtype,
  packedBytes,
} from "./dtype.ts";

describe.each(dtypes)("%s", (dtype) => {
  it("finds its way from the ONNX type and back", () => {
    expect(dtypeOfOnnx(onnxOfDtype(dtype))).toBe(dtype);
    expect(configOfDtype(dtype)).toBeGreaterThan(0);
  });

  it("allocates what was asked for", () => {
    expect(allocate(dtype, 3)).toHaveLength(3);
  });
});

describe.each(dtypes.filter((dtype) => dtype !== "BYTES"))("packed %s", (dtype) => {
  it("is copied into an aligned array from any offset", () => {
    const bytes = Uint8Array.from({ length: elementBytes(dtype) * 4 + 1 }, (_, index) => index);
    const copy = copyPacked(dtype, bytes.subarray(1));
    expect(copy).toHaveLength(4);
    expect(packedBytes(copy)).toEqual(bytes.subarray(1));
  });
});

it("knows no BF16", () => {
  expect(isDtype("BF16")).toBe(false);
  expect(isDtype("toString")).toBe(false);
  expect(dtypeOfOnnx(16)).toBeUndefined();
});

it("keeps the bits of what is no number when it copies", () => {
  const signalling = Uint8Array.of(1, 0, 0xa0, 0x7f);
  expect([...packedBytes(copyPacked("FP32", signalling))]).toEqual([...signalling]);
});
