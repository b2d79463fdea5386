import { calm, observe, type PersistenceState, step } from "#core/drift/persistence.ts";
import type { Verdict as VerdictWord } from "#core/drift/verdict.ts";
import { driftStatistics } from "#core/model/settings.ts";
import {
  type Counters,
  type FeatureReport,
  type Quality,
  type Report,
  type Statistic,
  Verdict,
  VerdictSchema,
  type Window,
} from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatAlerts } from "./drift/alert-view.ts";
import { formatCount, formatNumber, formatTime } from "./format.ts";
import { type Colour, formatTable, type Paint } from "./output.ts";
import { formatPerformance } from "./performance-view.ts";
import { enumName } from "./plain-message.ts";

export type DriftViewOptions = {
  readonly paint: Paint;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Features listed for each side; the rest, which are the calmest, are counted. */
  readonly featuresMax: number;
  /** All statistics in place of the deciding one with its limit and floor. */
  readonly isWide?: boolean;
};

const verdictColours: Record<Verdict, Colour> = {
  [Verdict.UNSPECIFIED]: "dim",
  [Verdict.OK]: "green",
  [Verdict.WARN]: "yellow",
  [Verdict.ALARM]: "red",
  [Verdict.INSUFFICIENT]: "dim",
};

/** In the order of a report. */
const statisticKeys = driftStatistics;
const statisticTitles = statisticKeys.map((key) => key.toUpperCase());

/** The order in which features are listed. */
const severity: readonly Verdict[] = [
  Verdict.ALARM,
  Verdict.WARN,
  Verdict.OK,
  Verdict.INSUFFICIENT,
  Verdict.UNSPECIFIED,
];

/**
 * A report with the latest closed window that had rows enough for a verdict; undefined while there
 * is none.
 */
export type JudgedReport = { readonly report: Report; readonly judged: Window | undefined };

/**
 * Model versions below one another: the latest judged window in full, those after it in a line
 * each.
 */
export function formatReports(reports: readonly JudgedReport[], options: DriftViewOptions): string {
  if (reports.length === 0) return "nothing has been predicted yet\n";
  return reports.map((report) => formatReport(report, options)).join("\n");
}

function formatReport({ report, judged }: JudgedReport, options: DriftViewOptions): string {
  const { paint } = options;
  const { closed, open, baselineProblem } = report;
  const shown = judged ?? closed ?? open;
  const later = [closed, open].flatMap((window) =>
    window === undefined || shown === undefined || window.startMs <= shown.startMs ? [] : [window],
  );
  const name = paint("bold", `${report.model}@${report.version}`);
  const head =
    shown === undefined ? `${name}  no window yet\n` : `${name}  ${headOf(shown, options)}\n`;
  const problem =
    baselineProblem === "" ? "" : `${paint("yellow", "no drift computed")}: ${baselineProblem}\n`;
  const tables =
    shown === undefined
      ? ""
      : formatFeatures("inputs", shown.features, options) +
        formatFeatures("outputs", shown.outputs, options);
  const next = later.map((window) => formatLater(window, options)).join("");
  const alerts = formatAlerts(report.alerts, options);
  const performance = formatPerformance(report.performance, options);
  const counters = formatCounters(report.counters, paint);
  return head + problem + alerts + tables + next + performance + counters;
}

const historyColumns = [
  { title: "START" },
  { title: "END" },
  { title: "ROWS", align: "right" as const },
  { title: "VERDICT" },
  { title: "INPUTS ABOVE THEIR LIMIT" },
  { title: "OUTPUTS ABOVE THEIRS" },
];

/** Closed windows, one a line. */
export function formatHistory(windows: readonly Window[], options: DriftViewOptions): string {
  if (windows.length === 0) return "no window has closed yet\n";
  const rows = windows.map((window) => [
    formatTime(Number(window.startMs), options.now),
    formatTime(Number(window.endMs), options.now),
    String(window.rows),
    showVerdict(window.verdict, options.paint) + (window.revised ? " (revised)" : ""),
    namesOf(window.features) || "-",
    namesOf(window.outputs),
  ]);
  return formatTable(historyColumns, rows, options.paint) + formatLasting(windows, options.paint);
}

/** What has lasted over windows by now: one window in alarm may be chance, two of three are not. */
function formatLasting(windows: readonly Window[], paint: Paint): string {
  const states = new Map<string, PersistenceState>();
  for (const { features, outputs } of windows.toReversed()) {
    for (const { name, statistics } of [...features, ...outputs]) {
      const [first] = statistics;
      if (first === undefined) continue;
      const observation = observe({ ...first, verdict: verdictWord(first.verdict) });
      states.set(name, step(states.get(name) ?? calm, observation).state);
    }
  }
  const lines = (["firing", "clearing", "pending"] as const).flatMap((kind) => {
    const names = [...states].flatMap(([name, state]) => (state.kind === kind ? [name] : []));
    return names.length === 0 ? [] : [`${paint("bold", kind)}  ${names.join(", ")}\n`];
  });
  return lines.join("");
}

/** True where the latest window with a verdict found drift, on inputs or outputs. */
export function isAlarm({ judged }: JudgedReport): boolean {
  return [...(judged?.features ?? []), ...(judged?.outputs ?? [])].some(
    ({ verdict }) => verdict === Verdict.ALARM,
  );
}

function headOf(window: Window, options: DriftViewOptions): string {
  const { now, paint } = options;
  const from = formatTime(Number(window.startMs), now);
  const to = formatTime(Number(window.endMs), now);
  const marks = [
    ...(window.provisional ? ["provisional"] : []),
    ...(window.revised ? ["revised"] : []),
  ];
  const mark = marks.length === 0 ? "" : `  ${paint("yellow", marks.join(", "))}`;
  const verdict = showVerdict(window.verdict, paint);
  return `${verdict}  ${from} to ${to}  ${formatCount(window.rows, "row")}${mark}`;
}

function formatLater(window: Window, options: DriftViewOptions): string {
  const above = [...window.features, ...window.outputs].filter(isAbove).map(({ name }) => name);
  const names = above.length === 0 ? "" : `: ${above.slice(0, 8).join(", ")}`;
  return `${options.paint("dim", "since then")}  ${headOf(window, options)}${names}\n`;
}

/** Features below one another, the worst first. */
export function formatFeatures(
  side: string,
  features: readonly FeatureReport[],
  options: DriftViewOptions,
): string {
  if (features.length === 0) return "";
  const { paint, featuresMax } = options;
  const ranked = features.toSorted(
    (one, other) => rankOf(one) - rankOf(other) || psiOf(other) - psiOf(one),
  );
  const numbers = options.isWide ? statisticTitles : ["PSI", "LIMIT", "FLOOR"];
  const columns = [
    { title: `  ${side.toUpperCase()}` },
    { title: "VERDICT" },
    ...[...numbers, "ROWS", "MEAN", "BASELINE"].map((title) => ({
      title,
      align: "right" as const,
    })),
    { title: "REMARKS" },
  ];
  const rows = ranked.slice(0, featuresMax).map((feature) => toRow(feature, options));
  const left = features.length - featuresMax;
  const more = left > 0 ? paint("dim", `  and ${left} more, calmer ones (--all lists them)\n`) : "";
  return formatTable(columns, rows, paint) + more;
}

function toRow(feature: FeatureReport, { paint, isWide }: DriftViewOptions): string[] {
  const [first, ...others] = feature.statistics;
  const shown = (value: number | undefined, digits: number) =>
    value === undefined ? "-" : value.toFixed(digits);
  const deciding = [shown(first?.value, 4), shown(first?.threshold, 2), shown(first?.floor, 4)];
  // Where the deciding one is in alarm, the others are no news.
  const warned = !isWide && feature.verdict === Verdict.WARN ? others.filter(isExceeded) : [];
  return [
    `  ${feature.name}`,
    showVerdict(feature.verdict, paint),
    ...(isWide ? statisticKeys.map((key) => showStatistic(feature, key, paint)) : deciding),
    String(feature.rowsCurrent),
    feature.meanCurrent === undefined ? "-" : formatNumber(roughly(feature.meanCurrent)),
    feature.meanBaseline === undefined ? "-" : formatNumber(roughly(feature.meanBaseline)),
    [...warned.map(({ id }) => id), ...describeQuality(feature.quality)].join(", "),
  ];
}

/** In red where it exceeds its limit. */
function showStatistic({ statistics }: FeatureReport, key: string, paint: Paint): string {
  const found = statistics.find(({ id }) => id.startsWith(`${key}.`));
  if (found === undefined) return "-";
  const text = formatNumber(roughly(found.value));
  return isExceeded(found) ? paint("red", `${text}!`) : text;
}

function describeQuality(quality: Quality | undefined): string[] {
  if (quality === undefined) return [];
  const { nulls, nans, posInf, negInf, typeErrors, unseen } = quality;
  const counts: [bigint, string][] = [
    [nulls, "null"],
    [nans, "NaN"],
    [posInf + negInf, "infinite"],
    [typeErrors, "of another type"],
    [unseen, "unseen"],
  ];
  return counts.flatMap(([count, what]) => (count > 0n ? [`${count} ${what}`] : []));
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

function isAbove({ verdict }: FeatureReport): boolean {
  return verdict === Verdict.ALARM || verdict === Verdict.WARN;
}

function rankOf({ verdict }: FeatureReport): number {
  return severity.indexOf(verdict);
}

function namesOf(features: readonly FeatureReport[]): string {
  return features
    .filter(isAbove)
    .map((feature) => `${feature.name} ${psiOf(feature).toFixed(3)}`)
    .join(", ");
}

function psiOf({ statistics }: FeatureReport): number {
  return statistics[0]?.value ?? 0;
}

/** The enumeration's words are those of the rules. */
function verdictWord(verdict: Verdict): VerdictWord {
  return verdict === Verdict.UNSPECIFIED
    ? "insufficient"
    : (enumName(VerdictSchema, verdict) as VerdictWord);
}

function showVerdict(verdict: Verdict, paint: Paint): string {
  return paint(verdictColours[verdict] ?? "dim", enumName(VerdictSchema, verdict));
}

/** Four significant digits are enough to compare two means by eye. */
function roughly(value: number): number {
  return Number(value.toPrecision(4));
}
