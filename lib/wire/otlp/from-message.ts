import { base64Encode } from "@bufbuild/protobuf/wire";
import { toHex } from "#core/hex.ts";
import type { Attributes, AttributeValue, SpanRecord } from "#core/trace/span.ts";
import {
  type AnyValue,
  type KeyValue,
  type ResourceSpans,
  type Span,
  StatusCode,
  type TracesRequest,
} from "#gen/opentelemetry/trace_pb.ts";
import { kindOfNumber } from "./kind.ts";
import { attributesMax, cut, eventsMax, linksMax } from "./limits.ts";

/** A span as somebody sent it, with the service that its resource names. */
export type ReceivedSpan = { readonly service: string; readonly span: SpanRecord };

export type ReceivedSpans = {
  readonly spans: readonly ReceivedSpan[];
  /** Spans whose ids OpenTelemetry calls invalid. */
  readonly rejected: number;
};

/**
 * The spans of an OTLP traces request. Texts are cut to 4096 characters, and of attributes, events
 * and valid links a span keeps the first 128 each; values that are lists, maps or bytes become JSON
 * text.
 */
export function fromTracesRequest(request: TracesRequest): ReceivedSpans {
  const spans: ReceivedSpan[] = [];
  let rejected = 0;
  for (const group of request.resourceSpans) {
    const service = serviceOf(group);
    for (const span of group.scopeSpans.flatMap((scoped) => scoped.spans)) {
      if (hasValidIds(span)) spans.push({ service, span: toRecord(span) });
      else rejected += 1;
    }
  }
  return { spans, rejected };
}

function serviceOf(group: ResourceSpans): string {
  const service = toAttributes(group.resource?.attributes ?? [])["service.name"];
  return typeof service === "string" ? service : "unknown_service";
}

function hasValidIds(span: Pick<Span, "traceId" | "spanId">): boolean {
  const isId = (id: Uint8Array, bytes: number) => id.length === bytes && id.some((b) => b !== 0);
  return isId(span.traceId, 16) && isId(span.spanId, 8);
}

function toRecord(span: Span): SpanRecord {
  const hasParent = span.parentSpanId.length === 8 && span.parentSpanId.some((byte) => byte !== 0);
  const isFailed = span.status?.code === StatusCode.ERROR;
  const startUs = toMicros(span.startTimeUnixNano);
  return {
    traceId: toHex(span.traceId),
    spanId: toHex(span.spanId),
    parentSpanId: hasParent ? toHex(span.parentSpanId) : "",
    name: cut(span.name),
    kind: kindOfNumber.get(span.kind) ?? "internal",
    startUs,
    endUs: Math.max(startUs, toMicros(span.endTimeUnixNano)),
    attributes: toAttributes(span.attributes),
    events: span.events.slice(0, eventsMax).map((event) => ({
      name: cut(event.name),
      timeUs: toMicros(event.timeUnixNano),
      attributes: toAttributes(event.attributes),
    })),
    links: span.links
      .filter(hasValidIds)
      .slice(0, linksMax)
      .map((link) => ({ traceId: toHex(link.traceId), spanId: toHex(link.spanId) })),
    error: isFailed ? cut(span.status?.message || "failed") : undefined,
  };
}

function toAttributes(pairs: readonly KeyValue[]): Attributes {
  const kept = pairs.slice(0, attributesMax);
  return Object.fromEntries(kept.map(({ key, value }) => [cut(key), toAttribute(value)]));
}

/** Lists, maps and bytes as JSON text. */
export function toAttribute(value: AnyValue | undefined): AttributeValue {
  const plain = toPlain(value);
  if (typeof plain === "string") return cut(plain);
  return typeof plain === "object" ? cut(JSON.stringify(plain)) : plain;
}

type Plain = AttributeValue | Plain[] | { [key: string]: Plain };

function toPlain(any: AnyValue | undefined): Plain {
  const value = any?.value;
  switch (value?.case) {
    case "stringValue":
    case "boolValue":
    case "doubleValue":
      return value.value;
    case "intValue": {
      const number = Number(value.value);
      return Number.isSafeInteger(number) ? number : String(value.value);
    }
    case "bytesValue":
      return base64Encode(value.value);
    case "arrayValue":
      return value.value.values.map(toPlain);
    case "kvlistValue":
      return Object.fromEntries(value.value.values.map(({ key, value }) => [key, toPlain(value)]));
    default:
      return "";
  }
}

function toMicros(nanos: bigint): number {
  return Number(nanos / 1000n);
}
