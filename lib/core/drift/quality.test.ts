import { expect, it } from "vitest";
import { addQuality, noQuality } from "./quality.ts";

it("adds every count", () => {
  const counts = { ...noQuality, nulls: 1 };
  addQuality(counts, { nulls: 1, nans: 2, posInf: 3, negInf: 4, typeErrors: 5, unseen: 6 });
  expect(counts).toEqual({ nulls: 2, nans: 2, posInf: 3, negInf: 4, typeErrors: 5, unseen: 6 });
});
