import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { SpanRecord } from "#core/trace/span.ts";
import { StoredTrace } from "#core/trace/stored-trace.ts";
import { GetTraceResponseSchema, TraceSummarySchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { toTraceMessage, toTraceSummary } from "./trace-report.ts";

const server: SpanRecord = {
  traceId: "1".repeat(32),
  spanId: "2".repeat(16),
  parentSpanId: "f".repeat(16),
  name: "inference.GRPCInferenceService/ModelInfer",
  kind: "server",
  startUs: 1000,
  endUs: 3500,
  attributes: { "sluice.model": "wine", rows: 3, isAlone: false },
  events: [{ name: "sent", timeUs: 1200, attributes: { wait: 4 } }],
  links: [{ traceId: "1".repeat(32), spanId: "5".repeat(16) }],
  error: "no worker is ready",
};
const run = { ...server, spanId: "3".repeat(16), parentSpanId: server.spanId, startUs: 1500 };

function trace(): StoredTrace {
  const stored = new StoredTrace(server.traceId);
  stored.add({ service: "sluice-worker", span: { ...run, name: "run wine@1", error: undefined } });
  stored.add({ service: "sluice-gateway", span: server });
  return stored;
}

describe("the report of a trace", () => {
  it("sums a trace up by its root", () => {
    expect(create(TraceSummarySchema, toTraceSummary(trace()))).toMatchObject({
      traceId: server.traceId,
      root: server.name,
      service: "sluice-gateway",
      startUs: 1000n,
      durationUs: 2500n,
      spans: 2,
      failed: true,
      model: "wine",
    });
  });

  it("tells every span, in order of start, with attributes as text", () => {
    const message = create(GetTraceResponseSchema, toTraceMessage(trace()));
    expect(message.spans.map(({ name }) => name)).toEqual([server.name, "run wine@1"]);
    expect(message.spans[0]).toMatchObject({
      spanId: server.spanId,
      parentSpanId: server.parentSpanId,
      service: "sluice-gateway",
      kind: "server",
      startUs: 1000n,
      durationUs: 2500n,
      failed: true,
      statusMessage: "no worker is ready",
      attributes: { "sluice.model": "wine", rows: "3", isAlone: "false" },
      events: [{ name: "sent", timeUs: 1200n, attributes: { wait: "4" } }],
      links: [{ traceId: "1".repeat(32), spanId: "5".repeat(16) }],
    });
    expect(message.spans[1]).toMatchObject({ failed: false, statusMessage: "" });
  });
});
