import { toHex } from "#core/hex.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { type Inference, ModelStatistics } from "#core/statistics/model-statistics.ts";
import type { RequestTiming } from "#core/timing/request-timing.ts";
import type { WorkerReply } from "./exchange.ts";
import type { RequestEnd } from "./request.ts";

const usPerMs = 1_000;

/** What each model version has answered through this gateway since it started. */
export class Statistics {
  readonly #models = new Map<string, ModelStatistics>();

  of(ref: ModelRef): ModelStatistics {
    const name = formatRef(ref);
    let statistics = this.#models.get(name);
    if (statistics === undefined) {
      statistics = new ModelStatistics();
      this.#models.set(name, statistics);
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
    else statistics.succeed(toInference({ ...end, reply }, timing));
  }
}

function toInference(
  { request, reply }: RequestEnd & { readonly reply: WorkerReply },
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
        : { rows: batch.rows, key: toHex(batch.spanId) },
  };
}
