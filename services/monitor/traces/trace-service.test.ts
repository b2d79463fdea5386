import { gzipSync } from "node:zlib";
import { create, fromBinary } from "@bufbuild/protobuf";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import type { SpanRecord } from "#core/trace/span.ts";
import { TracesResponseSchema } from "#gen/opentelemetry/trace_pb.ts";
import {
  GetTraceRequestSchema,
  ListTracesRequestSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { silentLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { SpanExporter } from "#platform/span-exporter.ts";
import { childOf, contextOf, openTracing } from "#platform/tracing.ts";
import { encodeTraces } from "#wire/otlp/encode.ts";
import { openTraces } from "./trace-service.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const predictionId = "0190e0a0-1111-7222-8333-444455556666";
const span: SpanRecord = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: "",
  name: "inference.GRPCInferenceService/ModelInfer",
  kind: "server",
  startUs: 1_790_000_000_000_000,
  endUs: 1_790_000_000_002_000,
  attributes: { "sluice.model": "wine", "sluice.prediction_id": predictionId },
  events: [],
  links: [],
  error: undefined,
};
const body = encodeTraces({ service: "sluice-gateway", attributes: {} }, [span]);
const protobuf = { "content-type": "application/x-protobuf" };

async function opened(port = 0) {
  const listen = { host: "127.0.0.1", port: 0, setting: "" };
  const metrics = open.use(await openMetrics({ service: "monitor", labels: {}, listen }));
  const modules = { meter: metrics.meter, log: silentLog };
  const traces = open.use(await openTraces({ host: "127.0.0.1", port, slowMs: 1000 }, modules));
  const url = `http://${traces.address}/v1/traces`;
  const post = (sent: string | Uint8Array<ArrayBuffer>, headers: Record<string, string>) =>
    fetch(url, { method: "POST", body: sent, headers });
  const get = (id: string) => traces.getTrace(create(GetTraceRequestSchema, { id }));
  return { traces, metrics, post, get, endpoint: `http://${traces.address}` };
}

describe("the OTLP receiver", () => {
  it("takes protobuf, plain and gzip, and answers in kind", async () => {
    const { post, get } = await opened();
    const reply = await post(body, protobuf);
    expect([reply.status, reply.headers.get("content-type")]).toEqual([
      200,
      "application/x-protobuf",
    ]);
    const packed = await post(gzipSync(body), { ...protobuf, "content-encoding": "gzip" });
    expect(packed.status).toBe(200);
    expect(get(span.traceId).spans).toHaveLength(1);
  });

  it("takes JSON and answers in kind", async () => {
    const { post, get } = await opened();
    const { traceId, spanId } = span;
    const json = { resourceSpans: [{ scopeSpans: [{ spans: [{ traceId, spanId, name: "a" }] }] }] };
    const reply = await post(JSON.stringify(json), { "content-type": "application/json" });
    expect([reply.status, await reply.json()]).toEqual([200, {}]);
    expect(get(traceId).spans[0]?.name).toBe("a");
  });

  it("answers spans without valid ids as a partial success", async () => {
    const { post } = await opened();
    const bad = { ...span, traceId: "" };
    const reply = await post(encodeTraces({ service: "a", attributes: {} }, [bad, span]), protobuf);
    const response = fromBinary(TracesResponseSchema, new Uint8Array(await reply.arrayBuffer()));
    expect([reply.status, response.partialSuccess?.rejectedSpans]).toEqual([200, 1n]);
  });

  it.each([
    ["garbage", "garbage", protobuf],
    ["JSON that is none", "{", { "content-type": "application/json" }],
    ["text", "text", { "content-type": "text/plain" }],
    [
      "a gzip bomb",
      gzipSync(Buffer.alloc(17_000_000)),
      { ...protobuf, "content-encoding": "gzip" },
    ],
  ])("refuses %s, counts it and goes on", async (_what, sent, headers) => {
    const { post, metrics } = await opened();
    expect((await post(sent, headers)).status).toBe(400);
    expect((await post(body, protobuf)).status).toBe(200);
    expect(await metrics.expose()).toContain("sluice_monitor_trace_requests_refused_total 1");
  });

  it("takes what the span exporter of the gateway and the workers sends", async () => {
    const { endpoint, get } = await opened();
    const options = { endpoint, service: "sluice-gateway", attributes: {} };
    const exporter = new SpanExporter(options, { log: silentLog });
    exporter.export(span);
    await exporter[Symbol.asyncDispose]();
    expect(get(span.traceId).spans[0]).toMatchObject({
      service: "sluice-gateway",
      name: span.name,
    });
  });

  it("takes what OpenTelemetry's own SDK sends, joined to the spans of others", async () => {
    const { endpoint, get } = await opened();
    const tracing = openTracing({ endpoint, service: "sluice-monitor" });
    const parent = { traceId: span.traceId, spanId: span.spanId, sampled: true };
    const options = { kind: SpanKind.CONSUMER, attributes: { rows: 3 } };
    const child = tracing.tracer.startSpan("process sluice.prediction", options, childOf(parent));
    child.addEvent("read");
    child.setStatus({ code: SpanStatusCode.ERROR, message: "no baseline" });
    child.end();
    expect(contextOf(child).traceId).toBe(span.traceId);
    await tracing[Symbol.asyncDispose]();
    expect(get(span.traceId).spans[0]).toMatchObject({
      service: "sluice-monitor",
      name: "process sluice.prediction",
      kind: "consumer",
      parentSpanId: span.spanId,
      failed: true,
      statusMessage: "no baseline",
      attributes: { rows: "3" },
      events: [{ name: "read" }],
    });
  });

  it("names the port and the setting when a chosen port is taken", async () => {
    const { traces } = await opened();
    const port = Number(traces.address.split(":")[1]);
    await expect(opened(port)).rejects.toThrow(`127.0.0.1:${port} (SLUICE_OTLP_PORT)`);
  });
});

describe("asking for traces", () => {
  it("lists traces and says what the store holds", async () => {
    const { post, traces, metrics } = await opened();
    await post(body, protobuf);
    const list = (wanted: { model?: string; failed?: boolean; durationMsMin?: number }) =>
      traces.listTraces(create(ListTracesRequestSchema, wanted));
    expect(list({}).traces).toMatchObject([
      { traceId: span.traceId, root: span.name, service: "sluice-gateway", model: "wine" },
    ]);
    expect(list({}).store).toMatchObject({ traces: 1n, spans: 1n, spansDropped: 0n });
    expect(list({ model: "wine", durationMsMin: 2 }).traces).toHaveLength(1);
    expect(list({ model: "credit" }).traces).toEqual([]);
    expect(list({ failed: true }).traces).toEqual([]);
    expect(list({ durationMsMin: 3 }).traces).toEqual([]);
    expect(await metrics.expose()).toContain("sluice_monitor_trace_store_spans 1");
  });

  it("finds a trace by prediction id and says what is wrong with an id", async () => {
    const { post, get } = await opened();
    await post(body, protobuf);
    expect(get(predictionId).traceId).toBe(span.traceId);
    expect(get("0af76519").traceId).toBe(span.traceId);
    expect(() => get("0af7651a")).toThrow('no trace is kept for "0af7651a"');
    expect(() => get("wine")).toThrow('"wine" is not an id: give 8 to 32 hexadecimal digits');
  });
});
