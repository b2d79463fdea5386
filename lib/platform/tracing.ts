import { type Context, ROOT_CONTEXT, type Span, type Tracer, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { Attributes, TraceContext } from "#core/trace/span.ts";
import { sleep } from "./clock.ts";
import { tracesUrl } from "./telemetry.ts";

export type TracingOptions = {
  /** The base address of an OTLP/HTTP receiver; undefined: spans have ids and go nowhere. */
  readonly endpoint: string | undefined;
  /** Becomes `service.name`. */
  readonly service: string;
  /** Further attributes of the resource. */
  readonly attributes?: Attributes;
};

export type Tracing = AsyncDisposable & {
  /**
   * Records every span it is asked to start: whoever uses it has decided that the trace is wanted.
   */
  readonly tracer: Tracer;
};

const queueSpansMax = 4096;
const batchSpansMax = 512;
const flushEveryMs = 200;
const closeMsMax = 2_000;

const sampledFlag = 1;

/**
 * A tracer of OpenTelemetry's own SDK, for processes that start spans when they happen. Disposing
 * sends what is left, for at most two seconds. Spans that no receiver takes are lost; that fails
 * nothing.
 */
export function openTracing(options: TracingOptions): Tracing {
  const { endpoint, service, attributes } = options;
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    resource: resourceFromAttributes({ "service.name": service, ...attributes }),
    spanProcessors: endpoint === undefined ? [] : [processorTo(endpoint)],
  });
  return {
    tracer: provider.getTracer("sluice"),
    async [Symbol.asyncDispose]() {
      const waiting = new AbortController();
      const sent = provider.shutdown().catch(() => {});
      await Promise.race([sent, sleep(closeMsMax, waiting.signal)]);
      waiting.abort();
    },
  };
}

function processorTo(endpoint: string): BatchSpanProcessor {
  return new BatchSpanProcessor({
    exporter: new OTLPTraceExporter({ url: tracesUrl(endpoint), timeoutMillis: closeMsMax }),
    maxQueueSize: queueSpansMax,
    maxExportBatchSize: batchSpansMax,
    scheduledDelayMillis: flushEveryMs,
  });
}

/** The context in which a span becomes the child of one that another process started. */
export function childOf(parent: TraceContext): Context {
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? sampledFlag : 0;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** What other processes are told of a span, so that theirs become its children. */
export function contextOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, sampled: (traceFlags & sampledFlag) !== 0 };
}
