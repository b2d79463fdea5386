import { expect, it } from "vitest";
import { type Inference, ModelStatistics } from "./model-statistics.ts";

const inference: Inference = {
  atMs: 1_000,
  rows: 2,
  totalUs: 100,
  queueUs: 10,
  decodeUs: 1,
  runUs: 50,
  encodeUs: 2,
  batch: { rows: 5, key: 1 },
};

it("adds up what succeeded and what failed", () => {
  const statistics = new ModelStatistics();
  statistics.succeed(inference);
  statistics.succeed({ ...inference, atMs: 500, batch: { rows: 5, key: 2 } });
  statistics.fail(30);
  expect(statistics.totals).toMatchObject({
    success: { count: 2, us: 200 },
    failure: { count: 1, us: 30 },
    queue: { count: 2, us: 20 },
    decode: { count: 2, us: 2 },
    run: { count: 2, us: 100 },
    encode: { count: 2, us: 4 },
  });
  expect(statistics.rows).toBe(4);
  expect(statistics.lastMs).toBe(1_000);
});

it("counts a run of many requests once", () => {
  const statistics = new ModelStatistics();
  for (const key of [1, 1, 2, 1]) {
    statistics.succeed({ ...inference, batch: { rows: 5, key } });
  }
  expect(statistics.executions).toBe(2);
  expect(statistics.batches).toMatchObject([{ rows: 5, run: { count: 2, us: 100 } }]);
});

it("takes a request without a known run for one of its own", () => {
  const statistics = new ModelStatistics();
  statistics.succeed({ ...inference, batch: undefined });
  statistics.succeed({ ...inference, batch: undefined });
  expect(statistics.executions).toBe(2);
  expect(statistics.batches).toMatchObject([{ rows: 2, run: { count: 2 } }]);
});

it("tells sizes apart in order, up to a bound", () => {
  const statistics = new ModelStatistics();
  for (let rows = 2_000; rows > 0; rows -= 1) {
    statistics.succeed({ ...inference, batch: { rows, key: rows } });
  }
  expect(statistics.batches).toHaveLength(1_024);
  expect(statistics.batches[0]?.rows).toBe(977);
  expect(statistics.executions).toBe(2_000);
});
