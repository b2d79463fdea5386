import type { Span } from "#gen/sluice/monitor/v1/monitor_pb.ts";

/** A span with those it caused, in the order of their start. */
export type SpanNode = {
  readonly span: Span;
  readonly children: readonly SpanNode[];
  /** True where the parent it names is not among the spans. */
  readonly isOrphan: boolean;
};

/**
 * Spans as trees. A span whose parent is not here is a root of its own, marked as an orphan; spans
 * that are each other's ancestors, which only a broken sender makes, become roots in the order
 * given.
 */
export function toTrees(spans: readonly Span[]): SpanNode[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const childrenOf = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId);
  const placed = new Set<string>();
  const grow = (span: Span): SpanNode => {
    placed.add(span.spanId);
    const children = (childrenOf.get(span.spanId) ?? []).filter((each) => !placed.has(each.spanId));
    return {
      span,
      children: children.toSorted(byStart).map(grow),
      isOrphan: span.parentSpanId !== "" && !ids.has(span.parentSpanId),
    };
  };
  const roots = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId)).toSorted(byStart);
  const trees = roots.map(grow);
  for (const span of spans) if (!placed.has(span.spanId)) trees.push(grow(span));
  return trees;
}

/** True while the parent of some span is still missing. */
export function hasOrphans(spans: readonly Span[]): boolean {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  return spans.some(({ parentSpanId }) => parentSpanId !== "" && !ids.has(parentSpanId));
}

/** From the first start to the last end, in microseconds since 1970. */
export function extentOf(spans: readonly Span[]): { startUs: number; endUs: number } {
  const starts = spans.map(({ startUs }) => Number(startUs));
  const ends = spans.map(({ startUs, durationUs }) => Number(startUs + durationUs));
  return { startUs: Math.min(...starts), endUs: Math.max(...ends) };
}

function byStart(one: Span, other: Span): number {
  return Number(one.startUs - other.startUs);
}
