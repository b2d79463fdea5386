import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { GetTraceResponseSchema, TraceSummarySchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { plain } from "./output.ts";
import { formatTrace, formatTraceList } from "./trace-view.ts";

const noon = new Date(2026, 10, 20, 12, 0, 0).getTime();
const startUs = BigInt(noon) * 1000n;
const options = { paint: plain, now: noon, columns: 100 };

describe("a trace as a tree", () => {
  it("shows each span's place, attributes, events and links, and why it failed", () => {
    const trace = create(GetTraceResponseSchema, {
      traceId: "4bf9",
      spans: [
        { spanId: "a", name: "sluice predict", service: "sluice-cli", startUs, durationUs: 4000n },
        {
          ...{ spanId: "b", parentSpanId: "a", name: "run wine@1", service: "sluice-worker" },
          ...{ startUs: startUs + 1000n, durationUs: 2000n, failed: true, statusMessage: "broken" },
          attributes: { "sluice.rows": "3", "rpc.system": "grpc" },
          events: [{ name: "batched", timeUs: startUs + 1500n, attributes: { rows: "8" } }],
          links: [
            { traceId: "4bf9", spanId: "a" },
            { traceId: "other", spanId: "x" },
          ],
        },
      ],
    });
    expect(formatTrace(trace, options)).toBe(
      [
        "trace 4bf9  12:00:00  4.00 ms  2 spans",
        "",
        "sluice predict  sluice-cli        +0 µs  4.00 ms  ████████████████████████",
        "└─ run wine@1   sluice-worker  +1.00 ms  2.00 ms        ████████████",
        "      failed: broken",
        "      rows=3  rpc.system=grpc",
        "      event batched +500 µs rows=8",
        "      link to sluice predict",
        "      link to x of trace other",
        "",
      ].join("\n"),
    );
  });

  it("measures by the first span; what begins after its end is an arrow", () => {
    const root = { spanId: "a", name: "predict", service: "cli", startUs, durationUs: 100n };
    const late = { ...root, spanId: "b", parentSpanId: "a", startUs: startUs + 5000n };
    const text = formatTrace(create(GetTraceResponseSchema, { spans: [root, late] }), options);
    expect(text).toMatch(/ 100 µs {2}2 spans\n/);
    expect(text).toMatch(/└─ predict .* {23}→\n$/);
  });

  it("wraps attributes to the screen", () => {
    const attributes = { a: "x".repeat(30), b: "y".repeat(30) };
    const spans = [{ spanId: "a", name: "n", service: "s", startUs, durationUs: 1n, attributes }];
    const text = formatTrace(create(GetTraceResponseSchema, { spans }), {
      ...options,
      columns: 50,
    });
    expect(text.split("\n").slice(3, 5)).toEqual([
      `   a=${"x".repeat(30)}`,
      `   b=${"y".repeat(30)}`,
    ]);
  });
});

describe("the list of traces", () => {
  it("has one line for each and marks those that failed", () => {
    const trace = create(TraceSummarySchema, {
      ...{ traceId: "4bf9", root: "sluice predict", service: "sluice-cli", startUs },
      ...{ durationUs: 4000n, spans: 5, failed: true, model: "wine" },
    });
    expect(formatTraceList([trace], options)).toBe(
      [
        "TIME      TRACE  DURATION  SPANS  MODEL  ROOT",
        "12:00:00  4bf9    4.00 ms      5  wine   sluice predict (sluice-cli)  failed",
        "",
      ].join("\n"),
    );
    expect(formatTraceList([], options)).toBe("no traces\n");
  });
});
