import { expect, test } from "vitest";
import { hashRow, hashText } from "./hash.ts";

test("a text's name depends on all of it", () => {
  expect(hashText("")).toBe("cbf29ce484222325");
  expect(hashText("a")).toBe("af63dc4c8601ec8c");
  expect(hashText("ab")).not.toBe(hashText("ba"));
});

test("rows of one prediction and equal rows of many spread evenly", () => {
  const id = Uint8Array.from({ length: 16 }, (_, index) => index * 7);
  const ofRows = Array.from({ length: 20_000 }, (_, row) => hashRow(id, row));
  const ofIds = Array.from({ length: 20_000 }, (_, number) => {
    id.set([number >> 8, number & 255], 14);
    return hashRow(id, 0);
  });
  for (const draws of [ofRows, ofIds]) {
    const tenths = new Array<number>(10).fill(0);
    for (const draw of draws)
      tenths[Math.floor(draw * 10)] = (tenths[Math.floor(draw * 10)] ?? 0) + 1;
    // Six standard deviations around 2000.
    for (const count of tenths) expect(Math.abs(count - 2000)).toBeLessThan(260);
  }
});
