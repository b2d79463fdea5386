import { expect, it } from "vitest";
import { Tally } from "./tally.ts";

it("gives Wilson's interval where trials are independent", () => {
  const tally = new Tally();
  for (let group = 0; group < 100; group += 1) tally.add(group % 10 === 0 ? 1 : 0, 1);
  const { share, low, high, trials } = tally.rate();
  expect({ share, trials }).toEqual({ share: 0.1, trials: 100 });
  expect(low).toBeCloseTo(0.0552, 3);
  expect(high).toBeCloseTo(0.1744, 3);
});

it("gives a wider one where hits come in groups", () => {
  const [spread, grouped] = [new Tally(), new Tally()];
  for (let group = 0; group < 100; group += 1) {
    spread.add(1, 10);
    grouped.add(group % 10 === 0 ? 10 : 0, 10);
  }
  expect(grouped.rate().share).toBe(spread.rate().share);
  expect(grouped.rate().high).toBeGreaterThan(spread.rate().high * 1.3);
});

it("is not sure that what never happened cannot", () => {
  const tally = new Tally();
  tally.add(0, 1000);
  expect(tally.rate()).toMatchObject({ share: 0, low: 0 });
  expect(tally.rate().high).toBeCloseTo(0.0038, 4);
  expect(new Tally().rate()).toMatchObject({ low: 0, high: 1 });
});
