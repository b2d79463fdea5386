import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Attributes } from "#core/trace/span.ts";
import type { StoredSpan, StoredTrace } from "#core/trace/stored-trace.ts";
import type {
  GetTraceResponseSchema,
  SpanSchema,
  TraceSummarySchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";

/** One line about a trace, as `ListTraces` tells it. */
export function toTraceSummary(trace: StoredTrace): MessageInitShape<typeof TraceSummarySchema> {
  const root = trace.root();
  return {
    traceId: trace.traceId,
    root: root?.span.name ?? "",
    service: root?.service ?? "",
    startUs: BigInt(root?.span.startUs ?? 0),
    durationUs: BigInt(trace.durationUs),
    spans: trace.spanCount,
    failed: trace.isFailed,
    model: [...trace.models].sort().join(", "),
  };
}

/** A whole trace, as `GetTrace` tells it. */
export function toTraceMessage(
  trace: StoredTrace,
): MessageInitShape<typeof GetTraceResponseSchema> {
  return { traceId: trace.traceId, spans: trace.spans().map(toSpan) };
}

function toSpan({ service, span }: StoredSpan): MessageInitShape<typeof SpanSchema> {
  return {
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    name: span.name,
    service,
    kind: span.kind,
    startUs: BigInt(span.startUs),
    durationUs: BigInt(span.endUs - span.startUs),
    failed: span.error !== undefined,
    statusMessage: span.error ?? "",
    attributes: toTexts(span.attributes),
    events: span.events.map((event) => ({
      name: event.name,
      timeUs: BigInt(event.timeUs),
      attributes: toTexts(event.attributes),
    })),
    links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
  };
}

function toTexts(attributes: Attributes): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)]));
}
