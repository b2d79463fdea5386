import type { ModelRef } from "#core/model/name.ts";
import { RefMap } from "#core/model/ref-map.ts";
import { type Inference, ModelStatistics } from "#core/statistics/model-statistics.ts";
import type { RequestTiming } from "#core/timing/request-timing.ts";
import type { WorkerReply } from "./exchange.ts";
import type { RequestEnd } from "./request.ts";

const usPerMs = 1_000;

/** What each model version has answered through this gateway since it started. */
export class Statistics {
  readonly #models = new RefMap<ModelStatistics>();

  of(ref: ModelRef): ModelStatistics {
    let statistics = this.#models.get(ref);
    if (statistics === undefined) {
      statistics = new ModelStatistics();
      this.#models.set(ref, statistics);
    }
    return statistics;
  }

  /** Counts a request that found its model version; others belong to none. */
  record(end: RequestEnd, timing: RequestTiming): void {
    const { exchange } = end.request;
    if (exchange === undefined) return;
    const statistics = this.of(exchange.ref);
    const { reply, error } = end;
    if (error !== undefined || reply === undefined) statistics.fail(timing.totalMs * usPerMs);
    else statistics.succeed(toInference(end, reply, timing));
  }
}

function toInference(
  { request }: RequestEnd,
  reply: WorkerReply,
  timing: RequestTiming,
): Inference {
  const { batch, timings } = reply;
  const waitMs = timing.waitMs + timing.retryMs;
  return {
    atMs: request.arrivedUs / usPerMs + timing.totalMs,
    rows: reply.rows,
    totalUs: timing.totalMs * usPerMs,
    queueUs: waitMs * usPerMs + (timings?.queueUs ?? 0),
    decodeUs: timings?.decodeUs ?? 0,
    runUs: timings?.runUs ?? 0,
    encodeUs: timings?.encodeUs ?? 0,
    batch:
      batch === undefined || batch.spanId.byteLength === 0
        ? undefined
        : { rows: batch.rows, key: keyOf(batch.spanId) },
  };
}

/** The first 53 bits of a span id: random, and far more than tell a few hundred runs apart. */
function keyOf(spanId: Uint8Array): number {
  let key = 0;
  for (let at = 0; at < 6; at += 1) key = key * 256 + (spanId[at] ?? 0);
  return key * 32 + ((spanId[6] ?? 0) >>> 3);
}
