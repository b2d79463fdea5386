import type { BatchObservableResult, Meter, Observable } from "@opentelemetry/api";
import type { FeatureReport, Verdict } from "#core/drift/verdict.ts";
import type { Counters } from "#core/monitor/counters.ts";
import type { ModelReport } from "#core/monitor/model-watch.ts";
import type { WatchedModels } from "./watched-models.ts";

/** What a verdict is on a dashboard. */
const verdictNumbers: Readonly<Record<Verdict, number>> = {
  insufficient: -1,
  ok: 0,
  warn: 1,
  alarm: 2,
};

const rowOutcomes: Readonly<Record<string, keyof Counters>> = {
  included: "rowsIncluded",
  sampled_out: "rowsSampledOut",
  late: "rowsLate",
  duplicate: "rowsDuplicate",
  shadow: "rowsShadow",
  failed: "rowsFailed",
  unremembered: "rowsUnremembered",
};

type Labels = { readonly model: string; readonly version: number };

/**
 * Shows the latest closed window and the accounts of every watched model version, whenever somebody
 * looks.
 */
export function observeDrift(
  models: WatchedModels,
  modules: { readonly meter: Meter; readonly isConnected: () => boolean },
): void {
  const { meter, isConnected } = modules;
  const gauge = (name: string, description: string) =>
    meter.createObservableGauge(name, { description });
  const shown = {
    score: gauge("sluice_drift_score", "Statistic of the latest closed window."),
    floor: gauge("sluice_drift_floor", "What chance alone exceeds once in a thousand windows."),
    threshold: gauge("sluice_drift_threshold", "The effect that matters."),
    verdict: gauge("sluice_drift_verdict", "-1 insufficient, 0 ok, 1 warn, 2 alarm."),
    windowVerdict: gauge("sluice_drift_window_verdict", "The worst verdict of the window."),
    windowRows: gauge("sluice_drift_window_rows", "Rows of the latest closed window."),
    baselineUsable: gauge(
      "sluice_drift_baseline_usable",
      "1 where there is nothing wrong with it.",
    ),
    timeSeconds: gauge("sluice_monitor_time_seconds", "The stream's time, since 1970."),
    rowsLost: gauge("sluice_monitor_rows_lost", "Rows answered that were never heard of."),
    messagesMissing: gauge("sluice_monitor_messages_missing", "Messages that never came."),
    producers: gauge("sluice_monitor_producers", "Worker processes heard of."),
    rows: meter.createObservableCounter("sluice_monitor_rows_total", {
      description: "Rows in messages, by what became of them; late ones may have counted.",
    }),
  };
  meter.addBatchObservableCallback((result) => {
    for (const report of models.reports()) observeReport(result, shown, report);
  }, Object.values(shown));
  gauge("sluice_monitor_models", "Models watched.").addCallback((to) => to.observe(models.size));
  gauge("sluice_monitor_bus_connected", "1 while NATS can be reached.").addCallback((to) =>
    to.observe(Number(isConnected())),
  );
}

type Shown = Readonly<
  Record<
    | "score"
    | "floor"
    | "threshold"
    | "verdict"
    | "windowVerdict"
    | "windowRows"
    | "baselineUsable"
    | "timeSeconds"
    | "rowsLost"
    | "messagesMissing"
    | "producers"
    | "rows",
    Observable
  >
>;

function observeReport(result: BatchObservableResult, shown: Shown, report: ModelReport): void {
  const { model, version, counters, closed } = report;
  const labels = { model, version };
  result.observe(shown.baselineUsable, Number(report.baselineProblem === ""), labels);
  result.observe(shown.timeSeconds, report.monitorTimeMs / 1000, labels);
  result.observe(shown.rowsLost, counters.rowsLost, labels);
  result.observe(shown.messagesMissing, counters.messagesMissing, labels);
  result.observe(shown.producers, counters.producers, labels);
  for (const [outcome, count] of Object.entries(rowOutcomes)) {
    result.observe(shown.rows, counters[count], { ...labels, outcome });
  }
  if (closed === undefined) return;
  result.observe(shown.windowVerdict, verdictNumbers[closed.verdict], labels);
  result.observe(shown.windowRows, closed.rows, labels);
  for (const feature of closed.features)
    observeFeature(result, shown, { labels, kind: "feature", feature });
  for (const feature of closed.outputs)
    observeFeature(result, shown, { labels, kind: "output", feature });
}

function observeFeature(
  result: BatchObservableResult,
  shown: Shown,
  of: { readonly labels: Labels; readonly kind: string; readonly feature: FeatureReport },
): void {
  const { feature, kind } = of;
  const labels = { ...of.labels, kind, feature: feature.name };
  result.observe(shown.verdict, verdictNumbers[feature.verdict], labels);
  for (const { id, value, floor, threshold } of feature.statistics) {
    const statistic = { ...labels, statistic: id };
    result.observe(shown.score, value, statistic);
    result.observe(shown.floor, floor, statistic);
    result.observe(shown.threshold, threshold, statistic);
  }
}
