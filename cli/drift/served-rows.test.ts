import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeCategory, describeNumber } from "#core/drift/baseline.ts";
import type { PredictionEvent } from "#core/prediction/event.ts";
import { seededDraw, shuffledIndexes } from "#core/random.ts";
import { evenly, makeEvent, sampleDigest } from "../../test/support/prediction-events.ts";
import { ServedRows, type ServedRowsOptions } from "./served-rows.ts";

const options: ServedRowsOptions = {
  ...{ digest: sampleDigest, sinceMs: 1000, untilMs: 2000 },
  ...{ rowsMax: 10_000, valuesMax: 1e6, seed: 1 },
  typeOf: ({ kind }) => (kind === "output" ? "category" : "number"),
};

describe("add", () => {
  it("keeps the rows of the period, each once, but for shadows and failures", () => {
    const served = new ServedRows(options);
    const one = { id: 1, timeMs: 1000, x: [0.1, 0.2] };
    served.add(makeEvent({ of: [one, { ...one, role: "hedge" }, { id: 2, timeMs: 999 }] }));
    served.add(makeEvent({ of: [one, { id: 3, timeMs: 2000 }], seq: 2 }));
    served.add(makeEvent({ of: [{ id: 4, timeMs: 1500, role: "shadow" }], seq: 3 }));
    served.add(makeEvent({ of: [{ id: 5, timeMs: 1500, status: 14 }], seq: 4 }));
    served.add(makeEvent({ of: [{ id: 6, timeMs: 1999.9, x: [-0.3] }], seq: 5 }));
    expect(served.rows).toBe(3);
    expect(served.describe()).toEqual([
      {
        kind: "feature",
        feature: describeNumber({ name: "x", dtype: "FP64", values: [0.1, 0.2, -0.3] }),
      },
      {
        kind: "output",
        feature: describeCategory({
          ...{ name: "label", dtype: "INT64" },
          values: ["positive", "positive", "negative"],
        }),
      },
    ]);
  });

  it("counts rows of other model files apart", () => {
    const served = new ServedRows(options);
    const of = [{ id: 1, timeMs: 1500, x: evenly(7) }];
    served.add(makeEvent({ of, digest: "other" }));
    served.add(makeEvent({ of: [{ id: 2 }], digest: "early" }));
    expect(served.rows).toBe(0);
    expect([...served.others]).toEqual([["other", 7]]);
  });

  it("knows what is null, and what a request did not ask for", () => {
    const served = new ServedRows(options);
    const event = makeEvent({ of: [{ id: 1, timeMs: 1500, x: [0.1, 0.2, 0.3] }] });
    const [x, label] = event.columns;
    if (x === undefined || label === undefined) throw new Error("there are two");
    const nulls = Uint8Array.of(0b010);
    served.add({ ...event, columns: [{ ...x, nulls }] });
    served.add(makeEvent({ of: [{ id: 2, timeMs: 1500, x: [0.4] }], seq: 2 }));
    served.add({
      ...makeEvent({ of: [{ id: 3, timeMs: 1500, x: [0.5] }], seq: 3 }),
      columns: [label],
    });
    expect(served.describe()).toMatchObject([
      { feature: { name: "x", nulls: 1, moments: { min: 0.1, max: 0.4, mean: 0.8 / 3 } } },
      { feature: { name: "label", nulls: 0, categories: [{ value: "positive", count: 2 }] } },
    ]);
  });

  it("leaves out values of another type", () => {
    const served = new ServedRows(options);
    served.add(makeEvent({ of: [{ id: 1, timeMs: 1500 }] }));
    const event = makeEvent({ of: [{ id: 2, timeMs: 1500 }], seq: 2 });
    const columns = event.columns.map((column) => ({ ...column, dtype: "INT32" as const }));
    served.add({ ...event, columns });
    expect(served.rows).toBe(2);
    expect(served.describe()).toMatchObject([{ feature: { counts10: [0, 1, 0] } }, {}]);
  });

  it("counts texts beyond those it tells apart among the others", () => {
    const served = new ServedRows({ ...options, rowsMax: 100_000 });
    for (let part = 0; part < 7; part += 1) served.add(texts(part, 10_000));
    const [, label] = served.describe();
    if (label?.feature.type !== "category") throw new Error("it is a category");
    const { categories } = label.feature;
    expect(categories).toHaveLength(257);
    expect(categories.at(-1)).toEqual({ value: "__other__", count: 70_000 - 256 });
  });
});

it("samples the same predictions in whatever order they come, each with all of its rows", () => {
  void fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(1e6), (predictions, seed) => {
      const events = Array.from({ length: predictions }, (_, id) =>
        makeEvent({ of: [{ id, timeMs: 1500, x: [id, id + 0.5] }], seq: id + 1 }),
      );
      const order = shuffledIndexes(events.length, seededDraw(seed));
      const small = { ...options, rowsMax: 100, seed };
      const [one, other] = [new ServedRows(small), new ServedRows(small)];
      for (const event of events) one.add(event);
      for (const index of order) other.add(events[index] as PredictionEvent);
      expect(one.rows).toBeLessThanOrEqual(100);
      expect(one.rows % 2).toBe(0);
      expect(one.share).toBe(other.share);
      expect(one.describe()).toEqual(other.describe());
      if (predictions <= 50) expect(one).toMatchObject({ rows: 2 * predictions, share: 1 });
    }),
    { numRuns: 50 },
  );
});

it("draws a share that is about as large as it says, another one for another seed", () => {
  const samples = [1, 2].map((seed) => {
    const served = new ServedRows({ ...options, rowsMax: 1000, seed });
    for (let id = 0; id < 3000; id += 1) {
      served.add(makeEvent({ of: [{ id, timeMs: 1500, x: [id] }], seq: id + 1 }));
    }
    return served;
  });
  for (const { share, rows } of samples) {
    expect(share).toBe(0.25);
    expect(rows).toBeGreaterThan(650);
    expect(rows).toBeLessThan(850);
  }
  expect(samples[0]?.describe()).not.toEqual(samples[1]?.describe());
});

it("keeps fewer rows of wide models", () => {
  const served = new ServedRows({ ...options, valuesMax: 100 });
  for (let id = 0; id < 60; id += 1) {
    served.add(makeEvent({ of: [{ id, timeMs: 1500 }], seq: id + 1 }));
  }
  expect(served.rows).toBeLessThanOrEqual(50);
  expect(served.share).toBeLessThan(1);
});

/** Rows whose labels were never said before. */
function texts(part: number, count: number): PredictionEvent {
  const x = new Array<number>(count).fill(0);
  const event = makeEvent({ of: [{ id: part, timeMs: 1500, x }], seq: part + 1 });
  const dictionary = x.map((_, row) => `${part} ${row}`);
  const codes = [...dictionary.keys()];
  const columns = event.columns.map((column) =>
    column.kind === "output"
      ? { ...column, values: { kind: "texts" as const, dictionary, codes } }
      : column,
  );
  return { ...event, columns };
}
