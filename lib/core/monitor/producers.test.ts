import { expect, it } from "vitest";
import { Producers } from "./producers.ts";

const options = { producersMax: 2, gapsMax: 8 };

it("counts as lost what a producer answered and nobody heard of", () => {
  const producers = new Producers(options);
  producers.accept({ producer: "a", seq: 1, rowsTotal: 10, rowsCovered: 10 });
  producers.accept({ producer: "a", seq: 3, rowsTotal: 35, rowsCovered: 5 });
  expect(producers.totals()).toEqual({
    producers: 1,
    rowsTotal: 35,
    rowsLost: 20,
    messagesMissing: 1,
  });
  producers.accept({ producer: "a", seq: 2, rowsTotal: 30, rowsCovered: 20 });
  expect(producers.totals()).toMatchObject({ rowsTotal: 35, rowsLost: 0, messagesMissing: 0 });
});

it("believes the total that a gateway saw last", () => {
  const producers = new Producers(options);
  producers.accept({ producer: "a", seq: 1, rowsTotal: 10, rowsCovered: 10 });
  producers.end("a", 14);
  producers.end("a", 12);
  producers.end("b", 3);
  expect(producers.totals()).toMatchObject({ producers: 2, rowsTotal: 17, rowsLost: 7 });
});

it("does not count a message twice", () => {
  const producers = new Producers(options);
  const message = { producer: "a", seq: 1, rowsTotal: 10, rowsCovered: 10 };
  expect(producers.accept(message)).toBe(true);
  expect(producers.accept(message)).toBe(false);
  expect(producers.totals().rowsLost).toBe(0);
});

it("keeps the sums of those it forgets", () => {
  const producers = new Producers(options);
  producers.accept({ producer: "a", seq: 2, rowsTotal: 10, rowsCovered: 4 });
  producers.end("b", 1);
  producers.accept({ producer: "a", seq: 3, rowsTotal: 12, rowsCovered: 2 });
  producers.end("c", 1);
  expect(producers.state().known.map(({ name }) => name)).toEqual(["a", "c"]);
  expect(producers.totals()).toEqual({
    producers: 3,
    rowsTotal: 14,
    rowsLost: 8,
    messagesMissing: 1,
  });
});

it("goes on from its state", () => {
  const producers = new Producers(options);
  producers.accept({ producer: "a", seq: 2, rowsTotal: 10, rowsCovered: 4 });
  const next = new Producers(options, producers.state());
  expect(next.accept({ producer: "a", seq: 2, rowsTotal: 10, rowsCovered: 4 })).toBe(false);
  expect(next.totals()).toEqual(producers.totals());
});
