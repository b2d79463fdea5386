import type { RequestTiming } from "#core/timing/request-timing.ts";
import { statusCode, toStatusCode } from "#wire/status.ts";
import type { Exchange, Outcome, WorkerReply } from "./exchange.ts";
import type { RequestTrace } from "./request-trace.ts";

/** A prediction that has been asked for, from its arrival on, whatever becomes of it. */
export type PredictionRequest = {
  /** Full name of the method, such as `inference.GRPCInferenceService/ModelInfer`. */
  readonly rpc: string;
  readonly trace: RequestTrace;
  /** Microseconds since 1970. */
  readonly arrivedUs: number;
  /** On the monotonic clock. */
  readonly arrivedMs: number;
  /** The caller's own id; empty where it gave none. */
  requestId: string;
  /** Undefined until a model version has been found for it. */
  exchange: Exchange | undefined;
};

/** How it ended. */
export type RequestEnd = {
  readonly request: PredictionRequest;
  /** On the monotonic clock. */
  readonly endedMs: number;
  /** gRPC status code. */
  readonly status: number;
  /** What went wrong; undefined for status OK. */
  readonly error: string | undefined;
  /** What the worker said, where one answered. */
  readonly reply: WorkerReply | undefined;
};

/**
 * What is known at the end: the status of an outcome, and the worker's reply where there is one.
 */
export function endOf(request: PredictionRequest, outcome: Outcome, endedMs: number): RequestEnd {
  const { reply } = outcome;
  if (outcome.kind === "reply") {
    return { request, endedMs, status: statusCode.ok, error: undefined, reply };
  }
  const { code, message } = outcome.failure;
  return { request, endedMs, status: toStatusCode(code), error: message, reply };
}

/** Where the time of a request went. */
export function timingOf({ request, endedMs, reply }: RequestEnd): RequestTiming {
  let firstMs: number | undefined;
  let lastMs: number | undefined;
  for (const { leftMs } of request.exchange?.attempts ?? []) {
    firstMs ??= leftMs;
    lastMs = leftMs ?? lastMs;
  }
  firstMs ??= endedMs;
  return {
    totalMs: endedMs - request.arrivedMs,
    waitMs: firstMs - request.arrivedMs,
    retryMs: (lastMs ?? firstMs) - firstMs,
    worker: reply?.timings,
  };
}
