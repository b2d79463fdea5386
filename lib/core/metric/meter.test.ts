import { expect, it } from "vitest";
import { Meter } from "./meter.ts";

it("shows of a gauge what was seen last, without series that are gone", () => {
  const all = new Meter({ seriesMax: 100 });
  let models = ["wine", "credit"];
  const gauge = all.gauge({ name: "ready", help: "", labels: ["model"] }, (ready) => {
    for (const model of models) ready.series(model).value = 1;
  });
  all.collect();
  models = ["digits"];
  expect(all.collect()).toEqual([gauge]);
  expect([...gauge.all()].map((one) => one.labels)).toEqual([["digits"]]);
});

it("looks up several families at one look", () => {
  const all = new Meter({ seriesMax: 100 });
  const families = [1, 2].map((index) => all.gauge({ name: `g${index}`, help: "" }));
  let looks = 0;
  all.observe(families, () => {
    looks += 1;
    for (const each of families) each.series().value = looks;
  });
  all.collect();
  all.collect();
  expect(families.map((each) => each.series().value)).toEqual([2, 2]);
});
