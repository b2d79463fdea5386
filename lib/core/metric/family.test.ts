import { expect, it } from "vitest";
import { InvariantError } from "../assert.ts";
import { Family } from "./family.ts";
import { CounterSeries } from "./series.ts";

const labels = ["model", "status"];

function counters(labels: readonly string[]): Family<CounterSeries> {
  const options = { kind: "counter", name: "requests_total", help: "Requests." } as const;
  return new Family({ ...options, labels, seriesMax: 3 }, () => new CounterSeries());
}

it("adds up under the values of its labels", () => {
  const counter = counters(labels);
  counter.series("wine", "OK").add(2);
  counter.series("wine", "OK").add(3);
  counter.series("wine", "INTERNAL").add(1);
  expect([...counter.all()].map(({ labels, series }) => [labels, series.value])).toEqual([
    [["wine", "OK"], 5],
    [["wine", "INTERNAL"], 1],
  ]);
});

it("has its only series from the start where it has no labels", () => {
  const [only] = counters([]).all();
  expect(only?.series.value).toBe(0);
});

it("insists on a value for each label", () => {
  const counter = counters(labels);
  expect(() => counter.series("wine")).toThrow(InvariantError);
});

it("adds up in one series what is beyond the limit", () => {
  const counter = counters(labels);
  for (let index = 0; index < 10; index += 1) counter.series(`m${index}`, "OK").add(1);
  counter.series("m0", "OK").add(1);
  const all = [...counter.all()];
  expect(all).toHaveLength(4);
  expect(all[0]?.series.value).toBe(2);
  expect(all[3]?.labels).toBeUndefined();
  expect(all[3]?.series.value).toBe(7);
});
