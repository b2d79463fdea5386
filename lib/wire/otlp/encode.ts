import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { fromHex } from "#core/hex.ts";
import type { Attributes, AttributeValue, SpanRecord } from "#core/trace/span.ts";
import {
  type KeyValueSchema,
  type SpanSchema,
  StatusCode,
  TracesRequestSchema,
} from "#gen/opentelemetry/trace_pb.ts";
import { numberOfKind } from "./kind.ts";

export type SpanSource = {
  /** Becomes `service.name`. */
  readonly service: string;
  /** Further attributes of the resource. */
  readonly attributes: Attributes;
};

const scope = { name: "sluice" };

/** An OTLP traces request as protobuf. Attributes that are whole numbers travel as integers. */
export function encodeTraces(
  source: SpanSource,
  spans: readonly SpanRecord[],
): Uint8Array<ArrayBuffer> {
  const attributes = toKeyValues({ "service.name": source.service, ...source.attributes });
  const request = create(TracesRequestSchema, {
    resourceSpans: [
      { resource: { attributes }, scopeSpans: [{ scope, spans: spans.map(toSpan) }] },
    ],
  });
  return toBinary(TracesRequestSchema, request);
}

function toSpan(span: SpanRecord): MessageInitShape<typeof SpanSchema> {
  return {
    traceId: toBytes(span.traceId),
    spanId: toBytes(span.spanId),
    parentSpanId: toBytes(span.parentSpanId),
    name: span.name,
    kind: numberOfKind[span.kind],
    startTimeUnixNano: toNanos(span.startUs),
    endTimeUnixNano: toNanos(span.endUs),
    attributes: toKeyValues(span.attributes),
    events: span.events.map((event) => ({
      timeUnixNano: toNanos(event.timeUs),
      name: event.name,
      attributes: toKeyValues(event.attributes),
    })),
    links: span.links.map((link) => ({
      traceId: toBytes(link.traceId),
      spanId: toBytes(link.spanId),
    })),
    ...(span.error === undefined
      ? {}
      : { status: { code: StatusCode.ERROR, message: span.error } }),
  };
}

function toKeyValues(attributes: Attributes): MessageInitShape<typeof KeyValueSchema>[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: toAnyValue(value) }));
}

function toAnyValue(value: AttributeValue): MessageInitShape<typeof KeyValueSchema>["value"] {
  if (typeof value === "string") return { value: { case: "stringValue", value } };
  if (typeof value === "boolean") return { value: { case: "boolValue", value } };
  if (Number.isSafeInteger(value)) return { value: { case: "intValue", value: BigInt(value) } };
  return { value: { case: "doubleValue", value } };
}

/** Ids are our own and well formed; an empty one stays empty. */
function toBytes(id: string): Uint8Array<ArrayBuffer> {
  return fromHex(id) ?? new Uint8Array(0);
}

function toNanos(us: number): bigint {
  return BigInt(Math.round(us)) * 1000n;
}
