import type { MessageInitShape } from "@bufbuild/protobuf";
import { metricList } from "#core/performance/metric-list.ts";
import type { AllLabelCounts, PerformanceSummary } from "#core/performance/performance-report.ts";
import type { PerformanceReport } from "#core/performance/performance-windows.ts";
import type {
  LabelCountsSchema,
  PerformanceSchema,
  PerformanceWindowSchema,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";

/** How predictions compare with labels as the MonitorService tells it. */
export function toPerformanceMessage(
  summary: PerformanceSummary,
): MessageInitShape<typeof PerformanceSchema> {
  const { task = "", problem, target = "", classes, windowMs, horizonMs, labels } = summary;
  const { total, windows } = summary;
  return {
    ...{ task, problem, target, classes: [...classes] },
    windowMs: BigInt(windowMs),
    horizonMs: BigInt(horizonMs),
    labels: toLabelCounts(labels),
    ...(total === undefined ? {} : { total: toWindow(total) }),
    windows: windows.map(toWindow),
  };
}

function toWindow(report: PerformanceReport): MessageInitShape<typeof PerformanceWindowSchema> {
  const { startMs, rows, labelled, coverage, lags } = report;
  return {
    ...(startMs === undefined ? {} : { startMs: BigInt(startMs) }),
    rows: BigInt(rows),
    labelled: BigInt(labelled),
    ...(coverage === undefined ? {} : { coverage }),
    lags: lags.map(BigInt),
    metrics: metricList(report).map(({ id, value, estimate }) => ({
      id,
      ...(value === undefined ? {} : { value }),
      ...(estimate === undefined ? {} : { estimate }),
    })),
  };
}

function toLabelCounts(counts: AllLabelCounts): MessageInitShape<typeof LabelCountsSchema> {
  return {
    matched: BigInt(counts.matched),
    revised: BigInt(counts.revised),
    repeated: BigInt(counts.repeated),
    unsampled: BigInt(counts.unsampled),
    expired: BigInt(counts.expired),
    unknown: BigInt(counts.unknown),
    waiting: BigInt(counts.waiting),
    unusable: BigInt(counts.unusable),
    overflowed: BigInt(counts.overflowed),
    rowsDropped: BigInt(counts.rowsDropped),
    rowsKnown: BigInt(counts.rowsKnown),
  };
}
