import { describe, expect, it } from "vitest";
import type { SpanRecord } from "./span.ts";
import { StoredTrace } from "./stored-trace.ts";

function span(spanId: string, parentSpanId: string, more: Partial<SpanRecord> = {}) {
  const record: SpanRecord = {
    traceId: "t",
    spanId,
    parentSpanId,
    name: spanId,
    kind: "internal",
    startUs: 10,
    endUs: 20,
    attributes: {},
    events: [],
    links: [],
    error: undefined,
    ...more,
  };
  return { service: "sluice-gateway", span: record };
}

function traceOf(...spans: ReturnType<typeof span>[]): StoredTrace {
  const trace = new StoredTrace("t");
  for (const each of spans) trace.add(each);
  return trace;
}

describe("StoredTrace", () => {
  it("tells spans in order of start, parents before children that start with them", () => {
    const trace = traceOf(
      span("late", "root", { startUs: 15 }),
      span("child", "root", { endUs: 12 }),
      span("root", ""),
    );
    expect(trace.spans().map(({ span: { spanId } }) => spanId)).toEqual(["root", "child", "late"]);
  });

  it("takes a span once, however often it is sent", () => {
    const trace = traceOf(span("a", ""));
    const { bytes } = trace;
    expect(trace.add(span("a", ""))).toBe(false);
    expect([trace.spanCount, trace.bytes]).toEqual([1, bytes]);
  });

  it("knows its root also while the caller's own span has not arrived", () => {
    expect(traceOf(span("b", "a"), span("a", "caller")).root()?.span.spanId).toBe("a");
    expect(traceOf().root()).toBeUndefined();
  });

  it("is as long as its longest span and has failed when any span has", () => {
    const trace = traceOf(
      span("a", "", { endUs: 30 }),
      span("b", "a", { startUs: 500, endUs: 510 }),
    );
    expect([trace.durationUs, trace.isFailed]).toEqual([20, false]);
    trace.add(span("c", "a", { error: "no" }));
    expect(trace.isFailed).toBe(true);
  });

  it("remembers the models and predictions its spans name", () => {
    const attributes = { "sluice.model": "wine", "sluice.prediction_id": "p" };
    const trace = traceOf(span("a", "", { attributes }), span("b", "a", { attributes }));
    expect([[...trace.models], [...trace.predictionIds]]).toEqual([["wine"], ["p"]]);
  });

  it("accounts for texts, attributes, events and links", () => {
    const bytesOf = (more: Partial<SpanRecord>) => traceOf(span("a", "", more)).bytes;
    const plain = bytesOf({});
    const link = { traceId: "t", spanId: "s" };
    expect(bytesOf({ attributes: { key: "x".repeat(1000) } })).toBeGreaterThan(plain + 1000);
    expect(bytesOf({ links: [link, link] })).toBeGreaterThan(bytesOf({ links: [link] }));
    const events = [{ name: "e", timeUs: 1, attributes: { key: "x".repeat(1000) } }];
    expect(bytesOf({ events })).toBeGreaterThan(plain + 1000);
    expect(bytesOf({ error: "x".repeat(1000) })).toBeGreaterThan(plain + 1000);
  });
});
