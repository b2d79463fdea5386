import type { Period, Report, Window } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { formatCount, formatTime } from "../format.ts";
import type { Paint } from "../output.ts";
import { breachesOf } from "./remarks.ts";
import { isAbove, showVerdict } from "./verdicts.ts";

export type WindowViewOptions = {
  readonly paint: Paint;
  /** Milliseconds since 1970. */
  readonly now: number;
};

/** Verdict, times and rows of a window, and what is special about it. */
export function headOf(window: Window, options: WindowViewOptions): string {
  const { now, paint } = options;
  const from = formatTime(Number(window.startMs), now);
  const to = formatTime(Number(window.endMs), now);
  const marks = [
    ...(window.provisional ? ["provisional"] : []),
    ...(window.revised ? ["revised"] : []),
    ...(window.rowsUnusual ? [`usually ${window.rowsUsual}`] : []),
  ];
  const mark = marks.length === 0 ? "" : `  ${paint("yellow", marks.join(", "))}`;
  const verdict = showVerdict(window.verdict, paint);
  return `${verdict}  ${from} to ${to}  ${formatCount(window.rows, "row")}${mark}`;
}

/** What the window is compared with, where that is not always baseline.json. */
export function formatPeriod(
  period: Period | undefined,
  { now, paint }: WindowViewOptions,
): string {
  if (period === undefined) return "";
  const { startMs, endMs, rows, used, problem } = period;
  const times = [startMs, endMs].map((time) => formatTime(Number(time), now)).join(" to ");
  const had = problem === "" ? `${times} has ${formatCount(rows, "row")}` : problem;
  const text = used ? `${times}, ${formatCount(rows, "row")}` : `baseline.json: ${had}`;
  return `${paint(used ? "dim" : "yellow", "compared with")}  ${text}\n`;
}

/** How many windows the sliding one spans. */
export function spanOf({ sliding }: Report): string {
  return formatCount(sliding?.windows ?? 0, "window");
}

/** What the latest windows say together, where the model wants to know. */
export function formatSliding(report: Report, options: WindowViewOptions): string {
  const { window, problem = "" } = report.sliding ?? {};
  const { paint } = options;
  if (problem !== "") return `${paint("yellow", "no windows together")}: ${problem}\n`;
  return window === undefined ? "" : formatOther(`${spanOf(report)} together`, window, options);
}

/** A window in a line, with what is above its limit. */
export function formatOther(what: string, window: Window, options: WindowViewOptions): string {
  const above = [...window.features, ...window.outputs].filter(isAbove).map(({ name }) => name);
  const breached = breachesOf(window, options.paint);
  const names = [...above.slice(0, 8), ...breached.slice(0, 8)].join(", ");
  const told = names === "" ? "" : `: ${names}`;
  return `${options.paint("dim", what)}  ${headOf(window, options)}${told}\n`;
}
