import { expect, it } from "vitest";
import { withSampleShape } from "./sample-shape.ts";

it("has two rows, and one of whatever else is open", () => {
  const spec = { name: "x", dtype: "FP32", shape: [-1, 3, -1] } as const;
  expect(withSampleShape(spec)).toEqual({ ...spec, shape: [2, 3, 1] });
  expect(withSampleShape({ ...spec, shape: [5] }).shape).toEqual([5]);
});
