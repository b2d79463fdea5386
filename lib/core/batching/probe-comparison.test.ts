import { describe, expect, it } from "vitest";
import type { Dtype, TensorData } from "../tensor/dtype.ts";
import { toHalf } from "../tensor/half.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { findDifference } from "./probe-comparison.ts";

const tolerance = 1e-5;

describe("rows run together", () => {
  it("are found in the order they were in", () => {
    const alone = [[decimals([1])], [decimals([2])], [decimals([3])]];
    const together = [decimals([3], [1], [2], [9])];
    expect(findDifference({ alone, together, order: [2, 0, 1], tolerance })).toBeUndefined();
    expect(findDifference({ alone, together, order: [0, 1, 2], tolerance })).toBe(
      'row 0 of output "y" is 1 when run alone and 3 among 4 rows',
    );
  });

  it("may differ by the tolerance of a row's largest number", () => {
    const alone = [[decimals([1000, 0])]];
    const order = [0];
    expect(findDifference({ alone, order, tolerance, together: [decimals([1000, 0.009])] })).toBe(
      undefined,
    );
    expect(
      findDifference({ alone, order, tolerance, together: [decimals([1000, 0.011])] }),
    ).toContain("0 when run alone and 0.011");
  });

  it("may differ, where they are next to nothing, by the tolerance of a usual row", () => {
    const alone = [[decimals([1e-9])], [decimals([1])], [decimals([1])]];
    const order = [0, 1, 2];
    const near = [decimals([1e-6], [1], [1])];
    expect(findDifference({ alone, order, tolerance, together: near })).toBeUndefined();
    const far = [decimals([1e-4], [1], [1])];
    expect(findDifference({ alone, order, tolerance, together: far })).toBeDefined();
  });

  it("may differ by nothing where the tolerance is 0", () => {
    const [alone, together] = [[[decimals([1])]], [decimals([1 + 2 ** -23])]];
    expect(findDifference({ alone, together, order: [0], tolerance: 0 })).toBeDefined();
  });

  it("agree where they are not numbers or infinite alike", () => {
    const row = [Number.NaN, Infinity, -Infinity];
    const alone = [[decimals(row)]];
    expect(findDifference({ alone, together: [decimals(row)], order: [0], tolerance })).toBe(
      undefined,
    );
    const other = [decimals([0, Infinity, -Infinity])];
    expect(findDifference({ alone, together: other, order: [0], tolerance })).toContain("NaN");
  });

  it.each<[Dtype, TensorData, TensorData]>([
    ["INT64", BigInt64Array.of(1n), BigInt64Array.of(2n)],
    ["UINT8", Uint8Array.of(1), Uint8Array.of(2)],
    ["BYTES", ["a"], ["b"]],
  ])("must be the same where they are %s", (dtype, one, other) => {
    const [alone, order] = [[[tensor(dtype, one)]], [0]];
    expect(findDifference({ alone, order, tolerance, together: [tensor(dtype, one)] })).toBe(
      undefined,
    );
    expect(findDifference({ alone, order, tolerance, together: [tensor(dtype, other)] })).toContain(
      "row 0",
    );
  });

  it("may differ in the last bit of half precision", () => {
    const half = (value: number) => tensor("FP16", Uint16Array.of(toHalf(value)));
    const alone = [[half(1)]];
    expect(findDifference({ alone, together: [half(1.001)], order: [0], tolerance })).toBe(
      undefined,
    );
    expect(findDifference({ alone, together: [half(1.01)], order: [0], tolerance })).toContain(
      "is 1 when run alone and 1.00977",
    );
  });

  it("differ where they have another width", () => {
    const [alone, together] = [[[decimals([1, 2])]], [decimals([1])]];
    expect(findDifference({ alone, together, order: [0], tolerance })).toBeDefined();
  });
});

function decimals(...rows: number[][]): Tensor {
  const data = Float32Array.from(rows.flat());
  return { name: "y", dtype: "FP32", shape: [rows.length, rows[0]?.length ?? 0], data };
}

function tensor(dtype: Dtype, data: TensorData): Tensor {
  return { name: "y", dtype, shape: [1, 1], data };
}
