/**
 * Turns requests into spans once they have ended, if anybody keeps them: those the caller samples
 * or the sampler chooses, and those that failed or were slow, as far as the budget goes. Of these
 * last the workers that held them are asked for theirs.
 */
import { fromHex, toHex } from "#core/hex.ts";
import { formatRef } from "#core/model/name.ts";
import { formatPredictionId } from "#core/prediction-id.ts";
import { traceAttribute } from "#core/trace/attribute.ts";
import { KeepBudget } from "#core/trace/keep-budget.ts";
import { type Sampler, shouldSample } from "#core/trace/sampler.ts";
import type { Attributes, SpanEvent, SpanRecord } from "#core/trace/span.ts";
import { monotonicMs } from "#platform/clock.ts";
import { randomBytes } from "#platform/random-bytes.ts";
import type { SpanExporter } from "#platform/span-exporter.ts";
import { statusCode } from "#wire/status.ts";
import { parseTraceparent } from "#wire/traceparent.ts";
import type { GatewayEvents } from "./events.ts";
import type { Attempt } from "./exchange.ts";
import type { PredictionRequest, RequestEnd } from "./request.ts";
import { RequestTrace, requestIdsBytes } from "./request-trace.ts";

export type TracesOptions = {
  readonly sampler: Sampler;
  /** A request that took at least this long is kept. */
  readonly slowMs: number;
  readonly keepsPerSecond: number;
};

/** A call that is a stream of predictions, each of which has a trace of its own. */
export type StreamTrace = {
  /** Full name of the method. */
  readonly rpc: string;
  readonly trace: RequestTrace;
  /** Microseconds since 1970. */
  readonly arrivedUs: number;
  readonly ms: number;
  /** gRPC status code. */
  readonly status: number;
  readonly error: string | undefined;
  readonly attributes: Attributes;
};

const requestIdLengthMax = 256;

export class Traces {
  readonly #options: TracesOptions;
  readonly #exporter: SpanExporter;
  readonly #events: GatewayEvents;
  readonly #budget: KeepBudget;

  constructor(
    options: TracesOptions,
    modules: { readonly exporter: SpanExporter; readonly events: GatewayEvents },
  ) {
    this.#options = options;
    this.#exporter = modules.exporter;
    this.#events = modules.events;
    this.#budget = new KeepBudget({ perSecond: options.keepsPerSecond });
  }

  /**
   * Draws the ids of a request and its spans, in the caller's trace or in one of its own. In place
   * of the prediction id there are random bytes.
   */
  begin(traceparent: string | undefined): RequestTrace {
    const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    const trace = new RequestTrace(randomBytes(requestIdsBytes));
    const { traceId } = trace;
    const given = parent === undefined ? undefined : fromHex(parent.traceId);
    if (given !== undefined) traceId.set(given);
    trace.parentSpanId = parent?.spanId ?? "";
    trace.isSampled = shouldSample(this.#options.sampler, parent, traceId);
    return trace;
  }

  end(end: RequestEnd): void {
    const reason = this.#reasonToKeep(end);
    if (reason === undefined) return;
    this.#events.traceKept(reason);
    const { exchange, trace } = end.request;
    this.#exporter.export(serverSpan(end, reason));
    for (const attempt of exchange?.attempts ?? []) {
      this.#exporter.export(attemptSpan(end, attempt));
      // Workers know of themselves that a sampled request is kept.
      if (reason !== "sampled") attempt.worker.keep(trace.predictionId, reason);
    }
  }

  /** A stream that lasts is not slow; one that fails is kept like a request. */
  endStream(stream: StreamTrace): void {
    const { trace, status } = stream;
    const reason = trace.isSampled ? "sampled" : this.#reasonOf(status, false, monotonicMs());
    if (reason === undefined) return;
    this.#events.traceKept(reason);
    this.#exporter.export(streamSpan(stream, reason));
  }

  #reasonToKeep({ request, status, endedMs }: RequestEnd): string | undefined {
    if (request.trace.isSampled) return "sampled";
    const isBulk = request.exchange?.isBulk === true;
    const isSlow = !isBulk && endedMs - request.arrivedMs >= this.#options.slowMs;
    return this.#reasonOf(status, isSlow, endedMs);
  }

  #reasonOf(status: number, isSlow: boolean, nowMs: number): string | undefined {
    const isError = status !== statusCode.ok && status !== statusCode.cancelled;
    if (!isError && !isSlow) return undefined;
    const reason = isError ? "error" : "slow";
    return this.#budget.take(reason, nowMs) ? reason : undefined;
  }
}

function serverSpan({ request, endedMs, status, error, reply }: RequestEnd, reason: string) {
  const { rpc, trace, exchange, arrivedMs, arrivedUs, requestId } = request;
  const attributes: Attributes = {
    ...rpcAttributes(rpc, status),
    [traceAttribute.predictionId]: formatPredictionId(trace.predictionId),
    "sluice.kept": reason,
    ...(requestId === "" ? {} : { "sluice.request_id": clip(requestId) }),
    ...(exchange === undefined ? {} : modelAttributes(exchange.ref)),
    ...(exchange === undefined ? {} : { "sluice.attempts": exchange.attempts.length }),
    ...(reply === undefined ? {} : { "sluice.rows": reply.rows }),
  };
  const span: SpanRecord = {
    traceId: toHex(trace.traceId),
    spanId: toHex(trace.serverSpanId),
    parentSpanId: trace.parentSpanId,
    name: rpc,
    kind: "server",
    startUs: arrivedUs,
    endUs: arrivedUs + toUs(endedMs - arrivedMs),
    attributes,
    events: (exchange?.attempts ?? []).flatMap((attempt) => failedAttempt(request, attempt)),
    links: [],
    error,
  };
  return span;
}

function streamSpan(stream: StreamTrace, reason: string): SpanRecord {
  const { rpc, trace, arrivedUs, ms, status, error } = stream;
  return {
    traceId: toHex(trace.traceId),
    spanId: toHex(trace.serverSpanId),
    parentSpanId: trace.parentSpanId,
    name: rpc,
    kind: "server",
    startUs: arrivedUs,
    endUs: arrivedUs + toUs(ms),
    attributes: { ...rpcAttributes(rpc, status), "sluice.kept": reason, ...stream.attributes },
    events: [],
    links: [],
    error,
  };
}

function rpcAttributes(rpc: string, status: number): Attributes {
  const [service = "", method = ""] = rpc.split("/");
  return {
    "rpc.system": "grpc",
    "rpc.service": service,
    "rpc.method": method,
    "rpc.grpc.status_code": status,
  };
}

function attemptSpan({ request, endedMs, reply }: RequestEnd, attempt: Attempt): SpanRecord {
  const { trace } = request;
  const { exchange, number, worker, isAlone, leftMs = endedMs } = attempt;
  const wallOf = (ms: number) => request.arrivedUs + toUs(ms - request.arrivedMs);
  const isLast = exchange.attempts.at(-1) === attempt;
  const batch = isLast ? reply?.batch : undefined;
  return {
    traceId: toHex(trace.traceId),
    spanId: toHex(attempt.spanId),
    parentSpanId: toHex(trace.serverSpanId),
    name: `sluice.link ${formatRef(exchange.ref)}`,
    kind: "client",
    startUs: wallOf(leftMs),
    endUs: wallOf(attempt.endedMs ?? endedMs),
    attributes: {
      ...modelAttributes(exchange.ref),
      "sluice.worker": worker.instance,
      "sluice.attempt": number,
      "sluice.wait_us": toUs(leftMs - request.arrivedMs),
      "sluice.payload_bytes": exchange.payloadBytes,
      ...(isAlone ? { "sluice.alone": true } : {}),
      ...(isLast ? workerAttributes(reply?.timings) : {}),
      ...(batch === undefined
        ? {}
        : { "sluice.batch_rows": batch.rows, "sluice.batch_closed_by": batch.closedBy }),
    },
    events: [],
    links: [],
    error: attempt.failure,
  };
}

function failedAttempt(request: PredictionRequest, attempt: Attempt): readonly SpanEvent[] {
  const { failure, endedMs, number, worker } = attempt;
  if (failure === undefined || endedMs === undefined) return [];
  const timeUs = request.arrivedUs + toUs(endedMs - request.arrivedMs);
  const attributes = {
    "sluice.attempt": number,
    "sluice.worker": worker.instance,
    "sluice.reason": failure,
  };
  return [{ name: "attempt failed", timeUs, attributes }];
}

function workerAttributes(
  timings: { decodeUs: number; queueUs: number; runUs: number; encodeUs: number } | undefined,
): Attributes {
  if (timings === undefined) return {};
  const { decodeUs, queueUs, runUs, encodeUs } = timings;
  return {
    "sluice.decode_us": decodeUs,
    "sluice.queue_us": queueUs,
    "sluice.run_us": runUs,
    "sluice.encode_us": encodeUs,
  };
}

function modelAttributes({ model, version }: { model: string; version: number }): Attributes {
  return { [traceAttribute.model]: model, [traceAttribute.version]: version };
}

function toUs(ms: number): number {
  return Math.round(ms * 1_000);
}

function clip(text: string): string {
  return text.slice(0, requestIdLengthMax).toWellFormed();
}
