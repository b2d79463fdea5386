import { create } from "@bufbuild/protobuf";
import { Failure } from "#core/failure.ts";
import type { Meter } from "#core/metric/meter.ts";
import { TraceStore } from "#core/trace/trace-store.ts";
import {
  type GetTraceRequest,
  type GetTraceResponse,
  GetTraceResponseSchema,
  type ListTracesRequest,
  type ListTracesResponse,
  ListTracesResponseSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { HttpServer } from "#platform/http.ts";
import type { Log } from "#platform/log.ts";
import { toTraceMessage, toTraceSummary } from "#wire/trace-report.ts";
import { traceEvents } from "./events.ts";
import { otlpRoute } from "./otlp-receiver.ts";

export type TracesOptions = {
  readonly host: string;
  /**
   * Where spans are received. 4318 falls back to a free port when it is taken; 0 asks for a free
   * one.
   */
  readonly port: number;
  /** A trace with a span of at least this length is kept beyond the latest 1000. */
  readonly slowMs: number;
};

export type Traces = AsyncDisposable & {
  /** `host:port` of the OTLP/HTTP receiver. */
  readonly address: string;
  readonly store: TraceStore;
  /** Newest first. */
  readonly listTraces: (request: ListTracesRequest) => ListTracesResponse;
  /** Throws a Failure: not-found, or invalid-argument for an id that is none or begins several. */
  readonly getTrace: (request: GetTraceRequest) => GetTraceResponse;
};

const otlpPort = 4318;
const tracesMax = 1000;
const bytesMax = 64 * 1024 * 1024;
const spansPerTraceMax = 5000;
const listedDefault = 20;
const listedMax = 1000;
const drainMsMax = 1000;

/**
 * Receives spans over OTLP/HTTP and keeps the last 1000 traces and all slow and failed ones, within
 * 64 MiB. Rejects with a Failure when its port is taken. Disposing stops receiving.
 */
export async function openTraces(
  options: TracesOptions,
  modules: { readonly meter: Meter; readonly log: Log },
): Promise<Traces> {
  const { host, port } = options;
  const slowUs = options.slowMs * 1000;
  const store = new TraceStore({ tracesMax, bytesMax, spansPerTraceMax, slowUs });
  const events = traceEvents(store, modules);
  const server = await HttpServer.listen({
    listen: { host, port, setting: "SLUICE_OTLP_PORT", orFree: port === otlpPort },
    routes: [otlpRoute(store, events)],
    drainMsMax,
    onError: (error) => modules.log.error("spans could not be received", { error }),
  });
  return {
    address: server.address,
    store,
    listTraces: (request) => listTraces(store, request),
    getTrace: (request) => getTrace(store, request),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function listTraces(store: TraceStore, request: ListTracesRequest): ListTracesResponse {
  const traces = store.list({
    limit: Math.min(request.limit === 0 ? listedDefault : request.limit, listedMax),
    isFailed: request.failed,
    durationUsMin: request.durationMsMin * 1000,
    ...(request.model === "" ? {} : { model: request.model }),
  });
  return create(ListTracesResponseSchema, {
    traces: traces.map(toTraceSummary),
    store: {
      traces: BigInt(store.traces),
      spans: BigInt(store.spans),
      bytes: BigInt(store.bytes),
      spansDropped: BigInt(store.spansDropped),
    },
  });
}

function getTrace(store: TraceStore, { id }: GetTraceRequest): GetTraceResponse {
  const lookup = store.find(id);
  switch (lookup.kind) {
    case "found":
      return create(GetTraceResponseSchema, toTraceMessage(lookup.trace));
    case "ambiguous": {
      const count = lookup.traceIds.length;
      throw new Failure("invalid-argument", `${count} traces begin with "${id}": give more of it`);
    }
    case "unknown":
      throw new Failure("not-found", `no trace is kept for "${id}"`);
    case "invalid": {
      const forms = "8 to 32 hexadecimal digits of a trace id or the UUID of a prediction";
      throw new Failure("invalid-argument", `"${id}" is not an id: give ${forms}`);
    }
  }
}
