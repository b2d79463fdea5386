import { expect, it } from "vitest";
import { contingencyOf } from "./contingency.ts";

it("leaves out bins that are empty on both sides", () => {
  const table = contingencyOf(Float64Array.of(0, 1, 0, 2), Float64Array.of(0, 0, 3, 1));
  expect(table).toEqual({
    baseline: Float64Array.of(1, 0, 2),
    current: Float64Array.of(0, 3, 1),
    rowsBaseline: 3,
    rowsCurrent: 4,
  });
});
