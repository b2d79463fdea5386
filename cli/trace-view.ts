import type { GetTraceResponse, Span, TraceSummary } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatCount, formatDuration, formatTime } from "./format.ts";
import { alignRows, bar, clip, formatTable, type Paint, widthOf } from "./output.ts";
import { extentOf, type SpanNode, toTrees } from "./trace-tree.ts";

const timelineColumns = 24;
const valueColumnsMax = 80;

export type TraceViewOptions = {
  readonly paint: Paint;
  /** Columns of the screen: attributes are wrapped to them. */
  readonly columns: number;
  /** Milliseconds since 1970. */
  readonly now: number;
};

const listColumns = [
  { title: "TIME" },
  { title: "TRACE" },
  { title: "DURATION", align: "right" as const },
  { title: "SPANS", align: "right" as const },
  { title: "MODEL" },
  { title: "ROOT" },
];

/** A table of traces, newest first. */
export function formatTraceList(
  traces: readonly TraceSummary[],
  { paint, now }: Pick<TraceViewOptions, "paint" | "now">,
): string {
  if (traces.length === 0) return "no traces\n";
  const rows = traces.map((trace) => [
    formatTime(Number(trace.startUs) / 1000, now),
    trace.traceId,
    formatDuration(Number(trace.durationUs)),
    String(trace.spans),
    trace.model === "" ? "-" : trace.model,
    `${trace.root} (${trace.service})${trace.failed ? `  ${paint("red", "failed")}` : ""}`,
  ]);
  return formatTable(listColumns, rows, paint);
}

/** A trace as a tree: one line for each span with its place in time, then what is known of it. */
export function formatTrace(trace: GetTraceResponse, options: TraceViewOptions): string {
  const { paint, now } = options;
  const trees = toTrees(trace.spans);
  const { startUs, endUs } = shownExtent(trace.spans, trees);
  const facts = [
    formatTime(startUs / 1000, now),
    formatDuration(endUs - startUs),
    formatCount(trace.spans.length, "span"),
  ];
  const lines = trees.flatMap((tree) => linesOf(tree, { own: "", below: "" }));
  const heads = lines.map(({ node, indent }) => headOf(node, indent, { startUs, endUs, paint }));
  const aligned = alignRows(heads, headColumns).split("\n");
  const names = new Map(trace.spans.map((span) => [span.spanId, span.name]));
  const body = lines.map(({ node, rest }, index) => {
    const details = detailsOf(node.span, names).flatMap((detail) =>
      wrap(detail, options.columns - widthOf(rest) - 2),
    );
    const below = details.map((detail) => paint("dim", `${rest}  ${detail}\n`));
    return `${aligned[index]}\n${below.join("")}`;
  });
  return `${paint("bold", `trace ${trace.traceId}`)}  ${facts.join("  ")}\n\n${body.join("")}`;
}

/**
 * What the timeline spans: the caller's own wait. What follows later, as the monitor does, is an
 * arrow.
 */
function shownExtent(spans: readonly Span[], [first]: readonly SpanNode[]) {
  return first === undefined || first.isOrphan ? extentOf(spans) : extentOf([first.span]);
}

const headColumns = [
  { align: "left" as const },
  { align: "left" as const },
  { align: "right" as const },
  { align: "right" as const },
];

type Indents = {
  /** Before the span's own name. */
  readonly own: string;
  /** Before what comes below it. */
  readonly below: string;
};

type Line = { readonly node: SpanNode; readonly indent: string; readonly rest: string };

function linesOf(node: SpanNode, { own, below }: Indents): Line[] {
  const last = node.children.length - 1;
  const children = node.children.flatMap((child, index) =>
    linesOf(child, {
      own: `${below}${index === last ? "└─ " : "├─ "}`,
      below: `${below}${index === last ? "   " : "│  "}`,
    }),
  );
  return [{ node, indent: own, rest: `${below}${last >= 0 ? "│" : " "}` }, ...children];
}

type Extent = { readonly startUs: number; readonly endUs: number; readonly paint: Paint };

function headOf({ span, isOrphan }: SpanNode, indent: string, extent: Extent): string[] {
  const { paint, startUs, endUs } = extent;
  const name = span.failed ? paint("red", span.name) : span.name;
  const offsetUs = Number(span.startUs) - startUs;
  return [
    `${paint("dim", indent)}${name}${isOrphan ? paint("dim", " (its parent is not here)") : ""}`,
    paint("dim", span.service),
    `+${formatDuration(offsetUs)}`,
    formatDuration(Number(span.durationUs)),
    timeline(span, offsetUs, { startUs, endUs, paint }),
  ];
}

function timeline(span: Span, offsetUs: number, { startUs, endUs, paint }: Extent): string {
  const totalUs = Math.max(1, endUs - startUs);
  if (offsetUs > totalUs) return `${" ".repeat(timelineColumns - 1)}${paint("dim", "→")}`;
  const from = Math.min(
    timelineColumns - 1,
    Math.floor((Math.max(0, offsetUs) / totalUs) * timelineColumns),
  );
  const share = Math.min(Number(span.durationUs) / totalUs, 1 - from / timelineColumns);
  const length = bar(share, timelineColumns) || "▏";
  return " ".repeat(from) + paint(span.failed ? "red" : "cyan", length);
}

/** What is known of a span besides its place: each a line before wrapping. */
function detailsOf(span: Span, names: ReadonlyMap<string, string>): string[] {
  const { startUs } = span;
  const attributes = formatAttributes(span.attributes);
  const events = span.events.map((event) => {
    const offset = formatDuration(Number(event.timeUs - startUs));
    return `event ${event.name} +${offset} ${formatAttributes(event.attributes)}`.trimEnd();
  });
  const links = span.links.map(({ traceId, spanId }) => {
    const name = names.get(spanId);
    return name === undefined ? `link to ${spanId} of trace ${traceId}` : `link to ${name}`;
  });
  const failure = span.failed ? [`failed: ${span.statusMessage || "no reason given"}`] : [];
  return [...failure, ...(attributes === "" ? [] : [attributes]), ...events, ...links];
}

/** `rows=3 model=wine`: our own prefix is left out, everything is in the order of the names. */
function formatAttributes(attributes: Readonly<Record<string, string>>): string {
  return Object.entries(attributes)
    .map(([key, value]) => [key.replace(/^sluice\./, ""), clip(value, valueColumnsMax)])
    .sort(([one = ""], [other = ""]) => (one < other ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join("  ");
}

/** Lines of at most `columns`, broken at blanks; a longer word stands alone. */
function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split("  ")) {
    if (line !== "" && line.length + 2 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line}  ${word}`;
  }
  return [...lines, line];
}
