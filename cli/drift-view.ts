import { limitOf } from "#core/drift/verdict.ts";
import { driftStatistics } from "#core/model/settings.ts";
import {
  type Counters,
  type FeatureReport,
  type Report,
  type Statistic,
  Verdict,
  type Window,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatAlerts } from "./drift/alert-view.ts";
import { formatChanges } from "./drift/change-view.ts";
import { isBreached, remarksOf } from "./drift/remarks.ts";
import { type Side, sparkline, type Trend, trendsOf } from "./drift/trend.ts";
import { psiOf, severity, showVerdict } from "./drift/verdicts.ts";
import { formatOther, formatPeriod, formatSliding, headOf, spanOf } from "./drift/window-view.ts";
import { formatNumber } from "./format.ts";
import { formatTable, type Paint } from "./output.ts";
import { formatPerformance } from "./performance-view.ts";

export type DriftViewOptions = {
  readonly paint: Paint;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Features listed for each side; the rest, which are the calmest, are counted. */
  readonly featuresMax: number;
  /** All statistics in place of the deciding one with its limit and floor. */
  readonly isWide?: boolean;
  /** Of the terminal. Where they are few, the limit is the larger of threshold and floor. */
  readonly columns?: number;
};

/** Up to so many columns there is no room for everything. */
const narrowColumns = 99;
const trendColumns = { narrow: 12, usual: 24 };

/** In the order of a report. */
const statisticKeys = driftStatistics;
const statisticTitles = statisticKeys.map((key) => key.toUpperCase());

/**
 * A report with the latest closed window that had rows enough for a verdict; undefined while there
 * is none.
 */
export type JudgedReport = {
  readonly report: Report;
  readonly judged: Window | undefined;
  /** It is the sliding window: several together. */
  readonly isSliding?: boolean;
  /** The latest closed ones, to see how it came to this. */
  readonly recent?: readonly Window[];
};

/**
 * Model versions below one another: the latest judged window in full, those after it in a line
 * each.
 */
export function formatReports(reports: readonly JudgedReport[], options: DriftViewOptions): string {
  if (reports.length === 0) return "nothing has been predicted yet\n";
  return reports.map((report) => formatReport(report, options)).join("\n");
}

function formatReport(judgedReport: JudgedReport, options: DriftViewOptions): string {
  const { report, judged, isSliding = false, recent = [] } = judgedReport;
  const { paint } = options;
  const { closed, open, baselineProblem } = report;
  const shown = judged ?? closed ?? open;
  const afterMs = isSliding ? (shown?.endMs ?? 0n) - 1n : (shown?.startMs ?? 0n);
  const later = [closed, open].flatMap((window) =>
    window === undefined || window.startMs <= afterMs ? [] : [window],
  );
  const name = paint("bold", `${report.model}@${report.version}`);
  const head =
    shown === undefined
      ? `${name}  no window yet\n`
      : `${name}  ${headOf(shown, options)}${isSliding ? `, ${spanOf(report)} together` : ""}\n`;
  const problem =
    baselineProblem === "" ? "" : `${paint("yellow", "no drift computed")}: ${baselineProblem}\n`;
  const trends = recent.length > 1 ? trendsOf(recent) : [];
  const of = (side: Side) => ({ ...options, trends: trends.filter((one) => one.side === side) });
  const tables =
    shown === undefined
      ? ""
      : formatFeatures("inputs", shown.features, of("inputs")) +
        formatFeatures("outputs", shown.outputs, of("outputs"));
  const next = later.map((window) => formatOther("since then", window, options)).join("");
  const together = isSliding ? "" : formatSliding(report, options);
  const period = formatPeriod(shown?.period, options);
  const alerts = formatAlerts(report, options);
  const performance = formatPerformance(report.performance, options);
  const counters = formatCounters(report.counters, paint);
  const changes = formatChanges(report.changes, options);
  const end = performance + changes + counters;
  return head + problem + period + alerts + tables + together + next + end;
}

/** True where the latest window with a verdict found drift, on inputs or outputs. */
export function isAlarm({ judged }: JudgedReport): boolean {
  return [...(judged?.features ?? []), ...(judged?.outputs ?? [])].some(
    ({ verdict }) => verdict === Verdict.ALARM,
  );
}

type TableOptions = DriftViewOptions & {
  /** How the features went over the latest windows; without any, nothing is said of it. */
  readonly trends?: readonly Trend[];
};

/** Features below one another, the worst first. */
export function formatFeatures(
  side: string,
  features: readonly FeatureReport[],
  options: TableOptions,
): string {
  if (features.length === 0) return "";
  const { paint, featuresMax, trends = [] } = options;
  const ranked = features.toSorted(
    (one, other) =>
      rankOf(one) - rankOf(other) ||
      Number(isBreached(other)) - Number(isBreached(one)) ||
      psiOf(other) - psiOf(one),
  );
  const deciding = isNarrow(options) ? ["PSI", "LIMIT"] : ["PSI", "LIMIT", "FLOOR"];
  const numbers = options.isWide ? statisticTitles : deciding;
  const columns = [
    { title: `  ${side.toUpperCase()}` },
    { title: "VERDICT" },
    ...[...numbers, "ROWS", "MEAN", "BASELINE"].map((title) => ({
      title,
      align: "right" as const,
    })),
    ...(trends.length > 0 ? [{ title: "TREND" }] : []),
    { title: "REMARKS" },
  ];
  const rows = ranked.slice(0, featuresMax).map((feature) => toRow(feature, options));
  const left = features.length - featuresMax;
  const more = left > 0 ? paint("dim", `  and ${left} more, calmer ones (--all lists them)\n`) : "";
  return formatTable(columns, rows, paint) + more;
}

function toRow(feature: FeatureReport, options: TableOptions): string[] {
  const { paint, isWide, trends = [] } = options;
  const [first, ...others] = feature.statistics;
  // Where the deciding one is in alarm, the others are no news.
  const warned = !isWide && feature.verdict === Verdict.WARN ? others.filter(isExceeded) : [];
  return [
    `  ${feature.name}`,
    showVerdict(feature.verdict, paint),
    ...(isWide
      ? statisticKeys.map((key) => showStatistic(feature, key, paint))
      : showDeciding(first, options)),
    String(feature.rowsCurrent),
    feature.meanCurrent === undefined ? "-" : formatNumber(roughly(feature.meanCurrent)),
    feature.meanBaseline === undefined ? "-" : formatNumber(roughly(feature.meanBaseline)),
    ...(trends.length > 0 ? [showTrend(feature, options)] : []),
    [...warned.map(({ id }) => id), ...remarksOf(feature, paint)].join(", "),
  ];
}

function showDeciding(statistic: Statistic | undefined, options: TableOptions): string[] {
  const narrow = isNarrow(options);
  if (statistic === undefined) return narrow ? ["-", "-"] : ["-", "-", "-"];
  const { value, threshold, floor } = statistic;
  return narrow
    ? [value.toFixed(4), limitOf(statistic).toFixed(3)]
    : [value.toFixed(4), threshold.toFixed(2), floor.toFixed(4)];
}

function showTrend({ name }: FeatureReport, options: TableOptions): string {
  const cells = options.trends?.find((trend) => trend.name === name)?.cells ?? [];
  const width = isNarrow(options) ? trendColumns.narrow : trendColumns.usual;
  return sparkline(cells, { width, paint: options.paint });
}

function isNarrow({ columns }: TableOptions): boolean {
  return columns !== undefined && columns <= narrowColumns;
}

/** In red where it exceeds its limit. */
function showStatistic({ statistics }: FeatureReport, key: string, paint: Paint): string {
  const found = statistics.find(({ id }) => id.startsWith(`${key}.`));
  if (found === undefined) return "-";
  const text = formatNumber(roughly(found.value));
  return isExceeded(found) ? paint("red", `${text}!`) : text;
}

const counterNames: readonly (readonly [keyof Counters & string, string])[] = [
  ["rowsSampledOut", "rows sampled out"],
  ["rowsLost", "rows lost"],
  ["rowsLate", "rows late"],
  ["rowsDuplicate", "rows twice"],
  ["rowsShadow", "rows of shadows"],
  ["messagesDuplicate", "messages twice"],
  ["messagesMissing", "messages missing"],
  ["messagesPurged", "messages purged"],
  ["messagesQuarantined", "messages unreadable"],
];

/** What did not go as it should; nothing where all is well. */
function formatCounters(counters: Counters | undefined, paint: Paint): string {
  if (counters === undefined) return "";
  const told = counterNames.flatMap(([key, what]) => {
    const count = counters[key];
    return typeof count === "bigint" && count > 0n ? [`${count} ${what}`] : [];
  });
  return told.length === 0 ? "" : `${paint("yellow", "so far")}  ${told.join(", ")}\n`;
}

function isExceeded({ verdict }: Statistic): boolean {
  return verdict === Verdict.ALARM;
}

function rankOf({ verdict }: FeatureReport): number {
  return severity.indexOf(verdict);
}

/** Four significant digits are enough to compare two means by eye. */
function roughly(value: number): number {
  return Number(value.toPrecision(4));
}
