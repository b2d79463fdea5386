import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type SpanSchema, TracesRequestSchema } from "#gen/opentelemetry/trace_pb.ts";
import { decodeTraces } from "./decode.ts";

const ids = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2) };

function decoded(...spans: MessageInitShape<typeof SpanSchema>[]) {
  const resourceSpans = [{ scopeSpans: [{ spans }] }];
  return decodeTraces(
    toBinary(TracesRequestSchema, create(TracesRequestSchema, { resourceSpans })),
  );
}

function decodedSpan(span: MessageInitShape<typeof SpanSchema>) {
  return decoded({ ...ids, ...span }).spans[0]?.span;
}

const none = new Uint8Array(0);
const text = (value: string) => ({ value: { case: "stringValue" as const, value } });

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

describe("decoding spans", () => {
  it("throws for bytes that are no request", () => {
    expect(() => decodeTraces(Uint8Array.of(0xff, 0xff, 0xff))).toThrow();
  });

  it("refuses millions of empty spans instead of decoding them", () => {
    const scopeSpans = { spans: Array.from({ length: 300_000 }, () => ({})) };
    const request = create(TracesRequestSchema, { resourceSpans: [{ scopeSpans: [scopeSpans] }] });
    const bytes = toBinary(TracesRequestSchema, request);
    expect(() => decodeTraces(bytes)).toThrow("more than 250000 parts");
  });

  it("leaves out links whose ids are invalid", () => {
    const links = [
      ids,
      { ...ids, traceId: new Uint8Array(1000).fill(1) },
      { ...ids, spanId: none },
    ];
    const link = { traceId: "01".repeat(16), spanId: "02".repeat(8) };
    expect(decodedSpan({ links })?.links).toEqual([link]);
  });

  it("does not hold on to the whole of a text that it cut", () => {
    const long = "v".repeat(1_000_000);
    const attributes = [{ key: "long", value: text(long) }];
    const name = long;
    const request = create(TracesRequestSchema, {
      resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, name, attributes }] }] }],
    });
    const bytes = toBinary(TracesRequestSchema, request);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    const spans = Array.from({ length: 50 }, () => decodeTraces(bytes).spans);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6);
    expect(spans.flat()).toHaveLength(50);
  });

  it("counts spans without valid ids and takes the others", () => {
    const { spans, rejected } = decoded(
      ids,
      { ...ids, traceId: new Uint8Array(16) },
      { ...ids, traceId: new Uint8Array(3) },
      { ...ids, spanId: new Uint8Array(0) },
    );
    expect([spans.length, rejected]).toEqual([1, 3]);
  });

  it("takes a span that says little", () => {
    expect(decoded(ids).spans).toEqual([
      {
        service: "unknown_service",
        span: {
          traceId: "01".repeat(16),
          spanId: "02".repeat(8),
          parentSpanId: "",
          name: "",
          kind: "internal",
          startUs: 0,
          endUs: 0,
          attributes: {},
          events: [],
          links: [],
          error: undefined,
        },
      },
    ]);
  });

  it("says that a span failed even when it does not say why", () => {
    expect(decodedSpan({ status: { code: 2 } })?.error).toBe("failed");
    expect(decodedSpan({ status: { code: 1, message: "fine" } })?.error).toBeUndefined();
  });

  it("never lets a span end before it starts", () => {
    const span = decodedSpan({ startTimeUnixNano: 5000n, endTimeUnixNano: 1000n });
    expect([span?.startUs, span?.endUs]).toEqual([5, 5]);
  });

  it("tells lists, maps and bytes as JSON, and integers no double can hold as text", () => {
    const span = decodedSpan({
      attributes: [
        { key: "list", value: { value: { case: "arrayValue", value: { values: [text("a")] } } } },
        {
          key: "map",
          value: {
            value: { case: "kvlistValue", value: { values: [{ key: "b", value: text("c") }] } },
          },
        },
        { key: "bytes", value: { value: { case: "bytesValue", value: Uint8Array.of(1, 2) } } },
        { key: "large", value: { value: { case: "intValue", value: 2n ** 60n } } },
        { key: "none" },
      ],
    });
    expect(span?.attributes).toEqual({
      list: '["a"]',
      map: '{"b":"c"}',
      bytes: "AQI=",
      large: "1152921504606846976",
      none: "",
    });
  });

  it("cuts what is longer or more than a span may bring", () => {
    const span = decodedSpan({
      name: "n".repeat(5000),
      attributes: Array.from({ length: 200 }, (_, index) => ({
        key: `k${index}`,
        value: text("v".repeat(5000)),
      })),
      events: Array.from({ length: 200 }, () => ({ name: "event" })),
      links: Array.from({ length: 200 }, () => ids),
    });
    expect(span?.name).toHaveLength(4096);
    expect(Object.keys(span?.attributes ?? {})).toHaveLength(128);
    expect(span?.attributes["k0"]).toHaveLength(4096);
    expect([span?.events.length, span?.links.length]).toEqual([128, 128]);
  });
});
