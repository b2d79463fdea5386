import { expect, it } from "vitest";
import { ModelStatistics } from "#core/statistics/model-statistics.ts";
import { joinModelStatistics, toModelStatistics } from "./model-statistics.ts";

it("answers counts as they are and durations in nanoseconds", () => {
  const statistics = new ModelStatistics();
  statistics.succeed({
    ...{ atMs: 1_700_000_000_000.5, rows: 3, totalUs: 100.5, queueUs: 10 },
    ...{ decodeUs: 1, runUs: 50, encodeUs: 2, batch: { rows: 8, key: 1 } },
  });
  statistics.fail(7);
  expect(toModelStatistics({ model: "wine", version: 2 }, statistics)).toMatchObject({
    name: "wine",
    version: "2",
    lastInference: 1_700_000_000_000n,
    inferenceCount: 3n,
    executionCount: 1n,
    inferenceStats: {
      success: { count: 1n, ns: 100_500n },
      fail: { count: 1n, ns: 7_000n },
      queue: { count: 1n, ns: 10_000n },
      computeInput: { count: 1n, ns: 1_000n },
      computeInfer: { count: 1n, ns: 50_000n },
      computeOutput: { count: 1n, ns: 2_000n },
      cacheHit: { count: 0n },
    },
    batchStats: [{ batchSize: 8n, computeInfer: { count: 1n, ns: 50_000n } }],
  });
});

it("has zeros for a version that was never asked", () => {
  const message = toModelStatistics({ model: "wine", version: 1 }, new ModelStatistics());
  expect(message).toMatchObject({ inferenceCount: 0n, executionCount: 0n, batchStats: [] });
});

it("joins what several gateways counted into what one would have counted", () => {
  const ref = { model: "wine", version: 1 };
  const inferences = [1, 2, 3, 4, 5].map((n) => ({
    ...{ atMs: 100 * (n % 4), rows: n, totalUs: 10 * n, queueUs: n, decodeUs: 1, runUs: 2 * n },
    ...{ encodeUs: 3, batch: { rows: 8 * ((n % 3) + 1), key: n } },
  }));
  const [one, first, second] = [1, 2, 3].map(() => new ModelStatistics());
  for (const inference of inferences) one?.succeed(inference);
  for (const inference of inferences.slice(0, 2)) first?.succeed(inference);
  for (const inference of inferences.slice(2)) second?.succeed(inference);
  for (const statistics of [one, second]) statistics?.fail(7);
  const [whole, ...parts] = [one, first, second].map((statistics) =>
    toModelStatistics(ref, statistics ?? new ModelStatistics()),
  );
  expect(parts[0] && joinModelStatistics(parts[0], parts.slice(1))).toEqual(whole);
});
