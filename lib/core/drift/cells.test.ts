import { expect, it } from "vitest";
import { Cells } from "./cells.ts";

it("gives every histogram places of its own", () => {
  const cells = new Cells([
    { counts: 3, sums: 3 },
    { counts: 2, sums: 0 },
    { counts: 1, sums: 1 },
  ]);
  expect(cells.take({ counts: 3, sums: 3 })).toEqual({ counts: 0, sums: 0 });
  expect(cells.take({ counts: 2, sums: 0 })).toEqual({ counts: 3, sums: 3 });
  expect(cells.take({ counts: 1, sums: 1 })).toEqual({ counts: 5, sums: 3 });
  expect([cells.counts.length, cells.sums.length]).toEqual([6, 4]);
});

it("counts on beyond four bytes", () => {
  const cells = new Cells([{ counts: 2, sums: 0 }]);
  cells.expect(2 ** 32 - 1);
  cells.counts[1] = 2 ** 32 - 1;
  cells.expect(1);
  cells.counts[1] = (cells.counts[1] ?? 0) + 1;
  expect([...cells.counts]).toEqual([0, 2 ** 32]);
});
