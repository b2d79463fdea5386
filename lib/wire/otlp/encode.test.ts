import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "#core/hex.ts";
import type { Attributes, AttributeValue, SpanRecord } from "#core/trace/span.ts";
import {
  type KeyValueSchema,
  type SpanSchema,
  StatusCode,
  TracesRequestSchema,
} from "#gen/opentelemetry/trace_pb.ts";
import { decodeTraces } from "./decode.ts";
import { encodeTraces, type SpanSource } from "./encode.ts";
import { numberOfKind } from "./kind.ts";

const span: SpanRecord = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "00f067aa0ba902b7",
  name: "run wine@1",
  kind: "server",
  startUs: 1_790_000_000_123_456,
  endUs: 1_790_000_000_223_456,
  attributes: { model: "wine", rows: 3, share: 0.25, isAlone: true, text: "é" },
  events: [{ name: "queued", timeUs: 1_790_000_000_123_999, attributes: { wait: 4 } }],
  links: [{ traceId: "1".repeat(32), spanId: "2".repeat(16) }],
  error: "the queue is full",
};
const source = { service: "sluice-worker", attributes: { "service.instance.id": "wine-1-0" } };

describe("encoding spans", () => {
  it("loses nothing of a span", () => {
    const { spans, rejected } = decodeTraces(encodeTraces(source, [span]));
    expect(spans).toEqual([{ service: "sluice-worker", span }]);
    expect(rejected).toBe(0);
  });

  it("leaves parent and status of a good root unset", () => {
    const root = { ...span, parentSpanId: "", error: undefined };
    expect(decodeTraces(encodeTraces(source, [root])).spans[0]?.span).toEqual(root);
    const message = fromBinary(TracesRequestSchema, encodeTraces(source, [root]));
    const sent = message.resourceSpans[0]?.scopeSpans[0]?.spans[0];
    expect(sent?.parentSpanId).toHaveLength(0);
    expect(sent?.status).toBeUndefined();
    expect(sent?.startTimeUnixNano).toBe(1_790_000_000_123_456_000n);
  });

  it("names the resource once for all spans", () => {
    const message = fromBinary(TracesRequestSchema, encodeTraces(source, [span, span]));
    expect(message.resourceSpans).toHaveLength(1);
    const attributes = message.resourceSpans[0]?.resource?.attributes ?? [];
    expect(attributes.map(({ key, value }) => [key, value?.value.value])).toEqual([
      ["service.name", "sluice-worker"],
      ["service.instance.id", "wine-1-0"],
    ]);
  });

  it("writes the very bytes that generated code does", () => {
    const property = fc.property(sources, fc.array(spanRecords), (from, spans) => {
      const bytes = encodeTraces(from, spans);
      expect(Buffer.from(bytes).equals(generated(from, spans))).toBe(true);
    });
    fc.assert(property);
  });
});

const text = fc.string({ unit: "grapheme", maxLength: 40 });
const hex = (digits: number) =>
  fc.string({
    unit: fc.constantFrom(..."0123456789abcdef"),
    minLength: digits,
    maxLength: digits,
  });
const traceId = hex(32);
const spanId = hex(16);
const timeUs = fc.integer({ min: 0, max: 2 ** 52 });
const attributes = fc.dictionary(
  text.filter((key) => key !== "__proto__"),
  fc.oneof(text, fc.boolean(), fc.maxSafeInteger(), fc.integer(), fc.double(), fc.constant(0)),
  { maxKeys: 6 },
);
const sources: fc.Arbitrary<SpanSource> = fc.record({ service: text, attributes });
const spanRecords: fc.Arbitrary<SpanRecord> = fc.record({
  traceId,
  spanId,
  parentSpanId: fc.oneof(spanId, fc.constant("")),
  name: fc.oneof(text, fc.string({ minLength: 200, maxLength: 300 })),
  kind: fc.constantFrom("internal", "server", "client", "producer", "consumer"),
  startUs: timeUs,
  endUs: timeUs,
  attributes,
  events: fc.array(fc.record({ name: text, timeUs, attributes }), { maxLength: 3 }),
  links: fc.array(fc.record({ traceId, spanId }), { maxLength: 3 }),
  error: fc.option(text, { nil: undefined }),
});

function generated(source: SpanSource, spans: readonly SpanRecord[]): Uint8Array {
  const resource = toKeyValues({ "service.name": source.service, ...source.attributes });
  const scopeSpans = [{ scope: { name: "sluice" }, spans: spans.map(toSpan) }];
  const resourceSpans = [{ resource: { attributes: resource }, scopeSpans }];
  return toBinary(TracesRequestSchema, create(TracesRequestSchema, { resourceSpans }));
}

function toSpan(of: SpanRecord): MessageInitShape<typeof SpanSchema> {
  return {
    traceId: fromHex(of.traceId) ?? new Uint8Array(0),
    spanId: fromHex(of.spanId) ?? new Uint8Array(0),
    parentSpanId: fromHex(of.parentSpanId) ?? new Uint8Array(0),
    name: of.name,
    kind: numberOfKind[of.kind],
    startTimeUnixNano: BigInt(of.startUs) * 1000n,
    endTimeUnixNano: BigInt(of.endUs) * 1000n,
    attributes: toKeyValues(of.attributes),
    events: of.events.map((event) => ({
      timeUnixNano: BigInt(event.timeUs) * 1000n,
      name: event.name,
      attributes: toKeyValues(event.attributes),
    })),
    links: of.links.map((link) => ({
      traceId: fromHex(link.traceId) ?? new Uint8Array(0),
      spanId: fromHex(link.spanId) ?? new Uint8Array(0),
    })),
    ...(of.error === undefined ? {} : { status: { code: StatusCode.ERROR, message: of.error } }),
  };
}

function toKeyValues(all: Attributes): MessageInitShape<typeof KeyValueSchema>[] {
  return Object.entries(all).map(([key, value]) => ({ key, value: toAnyValue(value) }));
}

function toAnyValue(value: AttributeValue): MessageInitShape<typeof KeyValueSchema>["value"] {
  if (typeof value === "string") return { value: { case: "stringValue", value } };
  if (typeof value === "boolean") return { value: { case: "boolValue", value } };
  if (Number.isSafeInteger(value)) return { value: { case: "intValue", value: BigInt(value) } };
  return { value: { case: "doubleValue", value } };
}
