import { fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { SpanRecord } from "#core/trace/span.ts";
import { TracesRequestSchema } from "#gen/opentelemetry/trace_pb.ts";
import { decodeTraces } from "./decode.ts";
import { encodeTraces } from "./encode.ts";

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
});
