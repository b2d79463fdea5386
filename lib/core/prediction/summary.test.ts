import { expect, test } from "vitest";
import { summarise } from "./summary.ts";

test("summarises each row by itself", () => {
  const data = Float32Array.of(1, 2, 3, -1, -1, -1);
  const { mean, sd, norm } = summarise(
    { name: "x", dtype: "FP32", shape: [2, 3], data },
    [0, 1],
    3,
  );
  expect([...mean]).toEqual([2, -1]);
  expect(sd[0]).toBeCloseTo(Math.sqrt(2 / 3), 12);
  expect(sd[1]).toBe(0);
  expect(norm[0]).toBeCloseTo(Math.sqrt(14), 12);
});

test("keeps the deviation of large values that differ little", () => {
  const data = Float64Array.of(1e9, 1e9 + 1, 1e9 + 2);
  const { sd } = summarise({ name: "x", dtype: "FP64", shape: [1, 3], data }, [0], 3);
  expect(sd[0]).toBeCloseTo(Math.sqrt(2 / 3), 12);
});
