import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type Span, SpanSchema } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { extentOf, hasOrphans, type SpanNode, toTrees } from "./trace-tree.ts";

function span(spanId: string, parentSpanId: string, startUs: number): Span {
  return create(SpanSchema, { spanId, parentSpanId, startUs: BigInt(startUs), durationUs: 10n });
}

function shape({ span: { spanId }, children, isOrphan }: SpanNode): unknown {
  return [isOrphan ? `${spanId}?` : spanId, ...children.map(shape)];
}

describe("a tree of spans", () => {
  it("has children in the order of their start, whatever order they came in", () => {
    const spans = [span("c", "a", 30), span("a", "", 10), span("b", "a", 20), span("d", "b", 25)];
    expect(toTrees(spans).map(shape)).toEqual([["a", ["b", ["d"]], ["c"]]]);
    expect(hasOrphans(spans)).toBe(false);
    expect(extentOf(spans)).toEqual({ startUs: 10, endUs: 40 });
  });

  it("keeps spans whose parent has not come", () => {
    const spans = [span("b", "elsewhere", 20), span("a", "", 10)];
    expect(toTrees(spans).map(shape)).toEqual([["a"], ["b?"]]);
    expect(hasOrphans(spans)).toBe(true);
  });

  it("has every span once even where a sender makes a circle of them", () => {
    const spans = [span("a", "b", 10), span("b", "a", 20)];
    expect(toTrees(spans).map(shape)).toEqual([["a", ["b"]]]);
  });
});
