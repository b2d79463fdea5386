import type { ModelReport } from "#core/monitor/model-report.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";

/** What of a window somebody wants to read. */
export type Selection = {
  /** Only features and outputs of these names; empty for all. */
  readonly features: readonly string[];
  /** Of each only the first statistic, which decides about alarms. */
  readonly decidingOnly?: boolean;
};

/** A window without the features and statistics that nobody asked for; its verdict is of all. */
export function selectWindow(window: WindowReport, selection: Selection): WindowReport {
  const { features: names, decidingOnly = false } = selection;
  if (names.length === 0 && !decidingOnly) return window;
  const wanted = new Set(names);
  const select = (reports: WindowReport["features"]) =>
    reports
      .filter(({ name }) => wanted.size === 0 || wanted.has(name))
      .map((report) =>
        decidingOnly ? { ...report, statistics: report.statistics.slice(0, 1) } : report,
      );
  return { ...window, features: select(window.features), outputs: select(window.outputs) };
}

/** The same of every window of a report. */
export function selectReport(report: ModelReport, selection: Selection): ModelReport {
  const { closed, open, sliding } = report;
  const select = (window: WindowReport | undefined) => window && selectWindow(window, selection);
  return {
    ...report,
    closed: select(closed),
    open: select(open),
    sliding: sliding && { ...sliding, window: select(sliding.window) },
  };
}
