import { create } from "@bufbuild/protobuf";
import type { ModelRef } from "#core/model/name.ts";
import type { Duration, ModelStatistics } from "#core/statistics/model-statistics.ts";
import {
  ModelStatisticsSchema,
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

function toDuration({ count, us }: Duration) {
  return { count: BigInt(count), ns: BigInt(Math.round(us * nsPerUs)) };
}
