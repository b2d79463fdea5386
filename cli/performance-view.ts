import type {
  LabelCounts,
  Metric,
  Performance,
  PerformanceWindow,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatCount, formatNumber, formatPercent, formatTime } from "./format.ts";
import { formatTable, type Paint } from "./output.ts";

export type PerformanceViewOptions = {
  readonly paint: Paint;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** In the order of `lags`; the rest is later than all of these. */
const lagNames = ["1 s", "10 s", "1 min", "10 min", "1 h", "6 h", "a day", "a week"];
const windowsShown = 5;

/**
 * How well a model predicts: all windows together and the latest ones, each metric from labels and,
 * where it can be, as estimated from scores alone. Empty where there is neither.
 */
export function formatPerformance(
  performance: Performance | undefined,
  options: PerformanceViewOptions,
): string {
  if (performance?.labels === undefined) return "";
  const { total, windows, labels } = performance;
  const counts = formatLabels(labels, options.paint);
  const isEstimated = total?.metrics.some(({ estimate }) => estimate !== undefined) === true;
  if (total === undefined || (total.labelled === 0n && !isEstimated)) return counts;
  const ids = total.metrics
    .filter(({ value, estimate }) => value !== undefined || estimate !== undefined)
    .map(({ id }) => id);
  const columns = [
    { title: "  PREDICTED" },
    ...["ROWS", "LABELLED", ...ids.map(titleOf)].map((title) => ({
      title,
      align: "right" as const,
    })),
  ];
  const shown = windows.length > 1 ? windows.slice(0, windowsShown) : [];
  const rows = [total, ...shown].flatMap((window) => toRows(window, ids, options));
  return (
    `  ${options.paint("bold", "performance")}  ${headOf(performance, total)}\n` +
    formatTable(columns, rows, options.paint) +
    counts
  );
}

function headOf({ task, target, classes }: Performance, total: PerformanceWindow): string {
  const [positive] = classes.slice(-1);
  const of = target === "" ? "the class of the highest score" : target;
  const told = classes.length === 2 ? `, ${positive} is positive` : "";
  const labelled = formatPercent(total.coverage ?? 0);
  return `${task} of ${of}${told}; ${labelled} of the rows labelled${lagOf(total)}`;
}

/** Within what time half of the labels came. */
function lagOf({ lags }: PerformanceWindow): string {
  const all = lags.reduce((sum, count) => sum + count, 0n);
  let seen = 0n;
  for (const [place, count] of lags.entries()) {
    seen += count;
    if (all > 0n && seen * 2n >= all) {
      const name = lagNames[place];
      return name === undefined ? ", half of them after a week" : `, half of them within ${name}`;
    }
  }
  return "";
}

function toRows(
  window: PerformanceWindow,
  ids: readonly string[],
  { paint, now }: PerformanceViewOptions,
): string[][] {
  const { startMs, rows, labelled, metrics } = window;
  const from = startMs === undefined ? "all" : `from ${formatTime(Number(startMs), now)}`;
  const found = ids.map((id) => metrics.find((metric) => metric.id === id));
  const measured = found.map((metric) => showNumber(metric?.value));
  const estimated = found.map((metric) => paint("dim", showEstimate(metric)));
  return [
    ...(labelled > 0n ? [[`  ${from}`, String(rows), String(labelled), ...measured]] : []),
    ...(found.some((metric) => metric?.estimate !== undefined)
      ? [[`  ${from}, estimated`, String(rows), "-", ...estimated]]
      : []),
  ];
}

function showEstimate(metric: Metric | undefined): string {
  const { estimate } = metric ?? {};
  if (estimate === undefined) return "-";
  return `${showNumber(estimate.value)} (${showNumber(estimate.low)}–${showNumber(estimate.high)})`;
}

function showNumber(value: number | undefined): string {
  return value === undefined ? "-" : formatNumber(Number(value.toPrecision(4)));
}

function titleOf(id: string): string {
  return id.replaceAll("_", " ").toUpperCase();
}

const countNames: readonly (readonly [keyof LabelCounts & string, string])[] = [
  ["revised", "replaced"],
  ["unsampled", "of rows that were sampled out"],
  ["expired", "after the horizon"],
  ["unknown", "of unknown rows"],
  ["waiting", "waiting for their rows"],
  ["unusable", "unusable"],
  ["overflowed", "without room to wait"],
];

/** What became of labels; nothing where none came. */
function formatLabels(labels: LabelCounts, paint: Paint): string {
  const told = countNames.flatMap(([key, what]) => {
    const count = labels[key];
    return typeof count === "bigint" && count > 0n ? [`${count} ${what}`] : [];
  });
  if (labels.matched > 0n) told.unshift(`${formatCount(labels.matched, "row")} labelled`);
  return told.length === 0 ? "" : `  ${paint("bold", "labels")}  ${told.join(", ")}\n`;
}
