import { create } from "@bufbuild/protobuf";
import type { ModelRef } from "#core/model/name.ts";
import type { Duration, ModelStatistics } from "#core/statistics/model-statistics.ts";
import {
  type InferBatchStatistics,
  ModelStatisticsSchema,
  type StatisticDuration,
  type ModelStatistics as StatisticsMessage,
} from "#gen/inference/grpc_service_pb.ts";

const nsPerUs = 1_000;

/** The counts of a version as `ModelStatistics` answers them: durations in nanoseconds. */
export function toModelStatistics(ref: ModelRef, statistics: ModelStatistics): StatisticsMessage {
  const { success, failure, queue, decode, run, encode } = statistics.totals;
  const none = { count: 0n, ns: 0n };
  return create(ModelStatisticsSchema, {
    name: ref.model,
    version: String(ref.version),
    lastInference: BigInt(Math.floor(statistics.lastMs)),
    inferenceCount: BigInt(statistics.rows),
    executionCount: BigInt(statistics.executions),
    inferenceStats: {
      success: toDuration(success),
      fail: toDuration(failure),
      queue: toDuration(queue),
      computeInput: toDuration(decode),
      computeInfer: toDuration(run),
      computeOutput: toDuration(encode),
      cacheHit: none,
      cacheMiss: none,
    },
    batchStats: statistics.batches.map((batch) => ({
      batchSize: BigInt(batch.rows),
      computeInput: toDuration(batch.decode),
      computeInfer: toDuration(batch.run),
      computeOutput: toDuration(batch.encode),
    })),
  });
}

/** What several gateways have counted of one version, as one of them would have counted it all. */
export function joinModelStatistics(
  first: StatisticsMessage,
  others: readonly StatisticsMessage[],
): StatisticsMessage {
  const all = [first, ...others];
  const stats = all.map((one) => one.inferenceStats);
  const batches = new Map<bigint, InferBatchStatistics[]>();
  for (const batch of all.flatMap((one) => one.batchStats)) {
    batches.set(batch.batchSize, [...(batches.get(batch.batchSize) ?? []), batch]);
  }
  return create(ModelStatisticsSchema, {
    name: first.name,
    version: first.version,
    lastInference: all.reduce((last, one) => max(last, one.lastInference), 0n),
    inferenceCount: all.reduce((sum, one) => sum + one.inferenceCount, 0n),
    executionCount: all.reduce((sum, one) => sum + one.executionCount, 0n),
    inferenceStats: {
      success: sumDurations(stats.map((one) => one?.success)),
      fail: sumDurations(stats.map((one) => one?.fail)),
      queue: sumDurations(stats.map((one) => one?.queue)),
      computeInput: sumDurations(stats.map((one) => one?.computeInput)),
      computeInfer: sumDurations(stats.map((one) => one?.computeInfer)),
      computeOutput: sumDurations(stats.map((one) => one?.computeOutput)),
      cacheHit: sumDurations(stats.map((one) => one?.cacheHit)),
      cacheMiss: sumDurations(stats.map((one) => one?.cacheMiss)),
    },
    batchStats: [...batches.keys()].sort(ascending).map((batchSize) => {
      const parts = batches.get(batchSize) ?? [];
      return {
        batchSize,
        computeInput: sumDurations(parts.map((one) => one.computeInput)),
        computeInfer: sumDurations(parts.map((one) => one.computeInfer)),
        computeOutput: sumDurations(parts.map((one) => one.computeOutput)),
      };
    }),
  });
}

function sumDurations(durations: readonly (StatisticDuration | undefined)[]) {
  return {
    count: durations.reduce((sum, one) => sum + (one?.count ?? 0n), 0n),
    ns: durations.reduce((sum, one) => sum + (one?.ns ?? 0n), 0n),
  };
}

function max(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

function ascending(one: bigint, other: bigint): number {
  return Number(one - other);
}

function toDuration({ count, us }: Duration) {
  return { count: BigInt(count), ns: BigInt(Math.round(us * nsPerUs)) };
}
