import { fromBinary } from "@bufbuild/protobuf";
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
  TracesRequestSchema,
} from "#gen/opentelemetry/trace_pb.ts";
import { kindOfNumber } from "./kind.ts";
import { requireFewParts } from "./parts.ts";

/** A span as somebody sent it, with the service that its resource names. */
export type ReceivedSpan = { readonly service: string; readonly span: SpanRecord };

export type ReceivedSpans = {
  readonly spans: readonly ReceivedSpan[];
  /** Spans whose ids OpenTelemetry calls invalid. */
  readonly rejected: number;
};

/** What one span may bring, so that no sender fills the store with a few of them. */
const attributesMax = 128;
const eventsMax = 128;
const linksMax = 128;
const textCharsMax = 4096;

/**
 * Reads an OTLP traces request in protobuf. Throws when the bytes are none, or have too many parts.
 */
export function decodeTraces(bytes: Uint8Array): ReceivedSpans {
  requireFewParts(bytes);
  return fromTracesRequest(fromBinary(TracesRequestSchema, bytes, { readUnknownFields: false }));
}

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

function toAttribute(value: AnyValue | undefined): AttributeValue {
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

/** A part of a string can keep the whole in memory; one made from bytes stands alone. */
function cut(text: string): string {
  if (text.length <= textCharsMax) return text;
  return new TextDecoder().decode(new TextEncoder().encode(text.slice(0, textCharsMax)));
}

function toMicros(nanos: bigint): number {
  return Number(nanos / 1000n);
}
