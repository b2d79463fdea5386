import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { SpanRecord } from "#core/trace/span.ts";
import { TraceRecorder } from "./trace-recorder.ts";
import type { TracedArrival } from "./trace-ring.ts";
import { type BatchFacts, idOf, idPlaces, type Outcome } from "./work.ts";

function batch(): BatchFacts {
  const facts = { rows: 2, requests: 2, closedBy: "full" as const, isTraced: false };
  return { spanId: randomBytes(8), ...facts, startedUs: 1_500, endedUs: 1_900 };
}

type Ended = TracedArrival & Outcome;

function request(traceFlags: number, batches: readonly BatchFacts[] = []): Ended {
  return {
    ...{ ids: randomBytes(idPlaces.end), traceFlags, method: "ModelInfer" },
    ...{ attempt: 1, role: "primary", rows: 1, status: 0, error: undefined },
    ...{ arrivedUs: 1_000, endedUs: 2_000, batches },
    timings: { decodeUs: 100, queueUs: 400, runUs: 300, encodeUs: 50 },
  };
}

function recorder(recordsMax = 100) {
  const spans: SpanRecord[] = [];
  const exporter = { export: (span: SpanRecord) => void spans.push(span) };
  const ref = { model: "wine", version: 2 };
  const traces = new TraceRecorder({ ref, recordsMax }, { exporter });
  const record = (ended: Ended) => traces.record(ended, ended);
  const keep = ({ ids }: Ended) => traces.keep(idOf(ids, "prediction"));
  return { spans, record, keep };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("makes a run span of a sampled request, below the attempt that brought it", async () => {
  const { spans, record } = recorder();
  const sampled = request(1);
  record(sampled);
  record(request(0));
  await turn();
  const { ids } = sampled;
  expect(spans).toMatchObject([
    {
      traceId: hex(idOf(ids, "trace")),
      spanId: hex(idOf(ids, "runSpan")),
      parentSpanId: hex(idOf(ids, "attemptSpan")),
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
  const { spans, record, keep } = recorder();
  const shared = batch();
  const [one, two, later] = [request(1, [shared]), request(1, [shared]), request(0, [shared])];
  for (const each of [one, two, later]) record(each);
  await turn();
  keep(later);
  await turn();
  const batches = spans.filter(({ name }) => name === "batch wine@2");
  expect(batches).toHaveLength(1);
  expect(batches[0]).toMatchObject({
    traceId: hex(idOf(one.ids, "trace")),
    parentSpanId: hex(idOf(one.ids, "runSpan")),
    startUs: 1_500,
    endUs: 1_900,
  });
  expect(batches[0]?.links.map(({ spanId }) => spanId)).toEqual(
    [one, two].map(({ ids }) => hex(idOf(ids, "runSpan"))),
  );
  const runs = spans.filter(({ name }) => name === "run wine@2");
  expect(runs).toHaveLength(3);
  for (const { links } of runs) expect(links[0]?.spanId).toBe(hex(shared.spanId));
});

test("makes spans of what is asked for before it ends, and of nothing twice", async () => {
  const { spans, record, keep } = recorder();
  const slow = request(0);
  keep(slow);
  record(slow);
  keep(slow);
  await turn();
  expect(spans).toHaveLength(1);
});

test("makes spans of every attempt at a prediction that it remembers", async () => {
  const { spans, record, keep } = recorder();
  const first = request(0);
  record(first);
  record({ ...request(0), ids: first.ids, attempt: 2 });
  keep(first);
  await turn();
  expect(spans.map(({ attributes }) => attributes["sluice.attempt"])).toEqual([1, 2]);
});

test("forgets the oldest beyond its bound", async () => {
  const { spans, record, keep } = recorder(2);
  const requests = [request(0), request(0), request(0)];
  for (const each of requests) record(each);
  for (const each of requests) keep(each);
  await turn();
  expect(spans).toHaveLength(2);
});
