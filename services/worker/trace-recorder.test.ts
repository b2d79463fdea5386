import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SpanRecord } from "#core/trace/span.ts";
import { type TracedRequest, TraceRecorder } from "./trace-recorder.ts";
import type { BatchFacts } from "./work.ts";

function batch(): BatchFacts {
  const facts = { rows: 2, requests: 2, closedBy: "full" as const, isTraced: false };
  return { spanId: randomBytes(8), ...facts, startedUs: 1_500, endedUs: 1_900 };
}

function request(flags: number, batches: readonly BatchFacts[] = []): TracedRequest {
  const ids = {
    traceId: randomBytes(16),
    attemptSpanId: randomBytes(8),
    runSpanId: randomBytes(8),
  };
  return {
    ...{ predictionId: randomBytes(16), trace: { ...ids, flags }, method: "ModelInfer" },
    ...{ attempt: 1, role: "primary", rows: 1, status: 0, error: undefined },
    ...{ arrivedUs: 1_000, endedUs: 2_000, batches },
    timings: { decodeUs: 100, queueUs: 400, runUs: 300, encodeUs: 50 },
  };
}

function recorder(recordsMax = 100) {
  const spans: SpanRecord[] = [];
  const exporter = { export: (span: SpanRecord) => void spans.push(span) };
  const ref = { model: "wine", version: 2 };
  return { spans, traces: new TraceRecorder({ ref, recordsMax }, { exporter }) };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("makes a run span of a sampled request, below the attempt that brought it", async () => {
  const { spans, traces } = recorder();
  const sampled = request(1);
  traces.record(sampled);
  traces.record(request(0));
  await turn();
  const { trace } = sampled;
  expect(spans).toMatchObject([
    {
      traceId: hex(trace.traceId),
      spanId: hex(trace.runSpanId),
      parentSpanId: hex(trace.attemptSpanId),
      name: "run wine@2",
      kind: "server",
      startUs: 1_000,
      endUs: 2_000,
      attributes: { "sluice.model": "wine", "sluice.queue_us": 400 },
      error: undefined,
    },
  ]);
});

test("makes one span of a batch, linked to the members kept by then, and they to it", async () => {
  const { spans, traces } = recorder();
  const shared = batch();
  const [one, two, later] = [request(1, [shared]), request(1, [shared]), request(0, [shared])];
  for (const each of [one, two, later]) traces.record(each);
  await turn();
  traces.keep(later.predictionId);
  await turn();
  const batches = spans.filter(({ name }) => name === "batch wine@2");
  expect(batches).toHaveLength(1);
  expect(batches[0]).toMatchObject({
    traceId: hex(one.trace.traceId),
    parentSpanId: hex(one.trace.runSpanId),
    startUs: 1_500,
    endUs: 1_900,
  });
  expect(batches[0]?.links.map(({ spanId }) => spanId)).toEqual(
    [one, two].map(({ trace }) => hex(trace.runSpanId)),
  );
  const runs = spans.filter(({ name }) => name === "run wine@2");
  expect(runs).toHaveLength(3);
  for (const { links } of runs) expect(links[0]?.spanId).toBe(hex(shared.spanId));
});

test("makes spans of what is asked for before it ends, and of nothing twice", async () => {
  const { spans, traces } = recorder();
  const slow = request(0);
  traces.keep(slow.predictionId);
  traces.record(slow);
  traces.keep(slow.predictionId);
  await turn();
  expect(spans).toHaveLength(1);
});

test("makes spans of every attempt at a prediction that it remembers", async () => {
  const { spans, traces } = recorder();
  const first = request(0);
  traces.record(first);
  traces.record({ ...request(0), predictionId: first.predictionId, attempt: 2 });
  traces.keep(first.predictionId);
  await turn();
  expect(spans.map(({ attributes }) => attributes["sluice.attempt"])).toEqual([1, 2]);
});

test("forgets the oldest beyond its bound", async () => {
  const { spans, traces } = recorder(2);
  const requests = [request(0), request(0), request(0)];
  for (const each of requests) traces.record(each);
  for (const { predictionId } of requests) traces.keep(predictionId);
  await turn();
  expect(spans).toHaveLength(2);
});
