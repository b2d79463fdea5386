import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SpanRecord } from "./span.ts";
import { TraceStore, type TraceStoreOptions } from "./trace-store.ts";

const slowUs = 1000;

function storeOf(options: Partial<TraceStoreOptions> = {}): TraceStore {
  const defaults = { tracesMax: 3, bytesMax: 1e9, spansPerTraceMax: 100, slowUs };
  return new TraceStore({ ...defaults, ...options });
}

function idOf(number: number): string {
  return number.toString(16).padStart(8, "0").repeat(4);
}

let spans = 0;

function span(trace: number, more: Partial<SpanRecord> = {}) {
  spans += 1;
  const record: SpanRecord = {
    traceId: idOf(trace),
    spanId: spans.toString(16).padStart(16, "0"),
    parentSpanId: "",
    name: "a",
    kind: "server",
    startUs: 0,
    endUs: 10,
    attributes: {},
    events: [],
    links: [],
    error: undefined,
    ...more,
  };
  return { service: "sluice-gateway", span: record };
}

function listed(store: TraceStore, query = {}): string[] {
  return store.list({ limit: 100, ...query }).map(({ traceId }) => traceId);
}

describe("TraceStore", () => {
  it("keeps the latest ordinary traces, newest first", () => {
    const store = storeOf();
    for (const trace of [1, 2, 3, 4, 5]) store.add(span(trace));
    expect(listed(store)).toEqual([idOf(5), idOf(4), idOf(3)]);
    expect([store.traces, store.spans]).toEqual([3, 3]);
  });

  it("keeps slow and failed traces beside them", () => {
    const store = storeOf();
    store.add(span(1, { endUs: slowUs }));
    store.add(span(2, { error: "no" }));
    for (const trace of [3, 4, 5, 6]) store.add(span(trace));
    expect(listed(store)).toEqual([6, 5, 4, 2, 1].map(idOf));
  });

  it("lets late spans join their trace, which may turn out to have failed", () => {
    const store = storeOf();
    store.add(span(1));
    store.add(span(2));
    store.add(span(1, { error: "no" }));
    for (const trace of [3, 4, 5]) store.add(span(trace));
    expect(listed(store)).toEqual([5, 4, 3, 1].map(idOf));
    expect(store.list({ limit: 9, isFailed: true })[0]?.spanCount).toBe(2);
  });

  it("gives up the oldest traces of all when the memory is used up", () => {
    const store = storeOf({ tracesMax: 1000, bytesMax: 10_000 });
    for (let trace = 0; trace < 50; trace += 1) store.add(span(trace, { error: "no" }));
    expect(store.bytes).toBeLessThanOrEqual(10_000);
    expect(listed(store)[0]).toBe(idOf(49));
    expect(store.traces).toBeGreaterThan(2);
  });

  it("gives up a trace that alone takes more than there is", () => {
    const store = storeOf({ bytesMax: 10_000 });
    for (let count = 0; count < 50; count += 1) {
      store.add(span(1, { attributes: { text: "x".repeat(1000) } }));
      expect(store.bytes).toBeLessThanOrEqual(10_000);
    }
    expect(store.traces).toBe(1);
  });

  it("drops and counts what one trace has too many of", () => {
    const store = storeOf({ spansPerTraceMax: 2 });
    for (let count = 0; count < 5; count += 1) store.add(span(1));
    expect([store.spans, store.spansDropped]).toEqual([2, 3]);
  });

  it("lists by model, failure, duration and number", () => {
    const store = storeOf({ tracesMax: 10 });
    store.add(span(1, { attributes: { "sluice.model": "wine" } }));
    store.add(span(2, { attributes: { "sluice.model": "credit" }, error: "no" }));
    store.add(span(3, { attributes: { "sluice.model": "wine" }, endUs: 500 }));
    expect(listed(store, { model: "wine" })).toEqual([idOf(3), idOf(1)]);
    expect(listed(store, { model: "wine", limit: 1 })).toEqual([idOf(3)]);
    expect(listed(store, { isFailed: true })).toEqual([idOf(2)]);
    expect(listed(store, { durationUsMin: 500 })).toEqual([idOf(3)]);
  });

  it("finds a trace by id, by the beginning of it and by prediction id", () => {
    const store = storeOf();
    const predictionId = "0190e0a0-1111-7222-8333-444455556666";
    store.add(span(0xabcdef01, { attributes: { "sluice.prediction_id": predictionId } }));
    for (const id of [idOf(0xabcdef01), "abcdef01", "ABCDEF01", predictionId]) {
      expect(store.find(id)).toMatchObject({ kind: "found", trace: { traceId: idOf(0xabcdef01) } });
    }
  });

  it("says why it finds none", () => {
    const store = storeOf();
    store.add(span(1, { traceId: `abcdef01${"0".repeat(24)}` }));
    store.add(span(1, { traceId: `abcdef01${"1".repeat(24)}` }));
    expect(store.find("abcdef01")).toMatchObject({ kind: "ambiguous", traceIds: { length: 2 } });
    expect(store.find("abcdef02")).toEqual({ kind: "unknown" });
    expect(store.find("0190e0a0-1111-7222-8333-444455556667")).toEqual({ kind: "unknown" });
    for (const id of ["abcdef0", "", "wine", "0".repeat(33)]) {
      expect(store.find(id)).toEqual({ kind: "invalid" });
    }
  });

  it("forgets everything about a trace that went", () => {
    const store = storeOf({ tracesMax: 1 });
    const predictionId = "0190e0a0-1111-7222-8333-444455556666";
    store.add(span(1, { attributes: { "sluice.prediction_id": predictionId } }));
    store.add(span(2));
    expect(store.find(predictionId)).toEqual({ kind: "unknown" });
    expect(store.find(idOf(1))).toEqual({ kind: "unknown" });
  });

  it("never passes its limits and always knows what it holds", () => {
    const step = fc.record({
      trace: fc.nat(12),
      endUs: fc.constantFrom(10, slowUs),
      error: fc.constantFrom(undefined, "no"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = storeOf({ bytesMax: 12_000, spansPerTraceMax: 3 });
        for (const { trace, ...more } of steps) store.add(span(trace, more));
        const held = store.list({ limit: 1000 });
        const sum = (of: (trace: (typeof held)[number]) => number) =>
          held.reduce((total, trace) => total + of(trace), 0);
        expect(store.bytes).toBe(sum((trace) => trace.bytes));
        expect(store.spans).toBe(sum((trace) => trace.spanCount));
        expect(store.bytes).toBeLessThanOrEqual(12_000);
        const ordinary = held.filter((trace) => !trace.isFailed && trace.durationUs < slowUs);
        expect(ordinary.length).toBeLessThanOrEqual(3);
      }),
    );
  });
});
