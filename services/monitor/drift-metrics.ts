import type { PersistenceState } from "#core/drift/persistence.ts";
import type { FeatureReport, Verdict } from "#core/drift/verdict.ts";
import type { Meter, Observed } from "#core/metric/meter.ts";
import type { Counters } from "#core/monitor/counters.ts";
import type { ModelReport } from "#core/monitor/model-report.ts";
import type { WindowReport } from "#core/monitor/window-report.ts";
import type { WatchedModels } from "./watched-models.ts";

/** What a verdict is on a dashboard. */
const verdictNumbers: Readonly<Record<Verdict, number>> = {
  insufficient: -1,
  ok: 0,
  warn: 1,
  alarm: 2,
};

/** What an alert's state is there; calm ones have no series. */
const alertNumbers: Readonly<Record<PersistenceState["kind"], number>> = {
  ok: 0,
  pending: 1,
  firing: 2,
  clearing: 3,
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

const versionLabels = ["model", "version"];
const featureLabels = [...versionLabels, "kind", "feature"];
const statisticLabels = [...featureLabels, "statistic"];

/**
 * Shows the latest closed window and the accounts of every watched model version, whenever somebody
 * looks.
 */
export function observeDrift(
  models: WatchedModels,
  modules: { readonly meter: Meter; readonly isConnected: () => boolean },
): void {
  const { meter, isConnected } = modules;
  const shown = shownOf(meter);
  meter.observe(Object.values(shown), () => {
    for (const report of models.reports()) observeReport(shown, report);
  });
  meter.gauge({ name: "sluice_monitor_models", help: "Models watched." }, (gauge) => {
    gauge.series().value = models.size;
  });
  const connected = {
    name: "sluice_monitor_bus_connected",
    help: "1 while NATS can be reached.",
  };
  meter.gauge(connected, (gauge) => {
    gauge.series().value = Number(isConnected());
  });
}

type Shown = ReturnType<typeof shownOf>;

function shownOf(meter: Meter) {
  const gauge = (name: string, help: string, labels: readonly string[]) =>
    meter.gauge({ name, help, labels });
  const ofVersion = (name: string, help: string) => gauge(name, help, versionLabels);
  const ofFeature = (name: string, help: string) => gauge(name, help, featureLabels);
  const ofStatistic = (name: string, help: string) => gauge(name, help, statisticLabels);
  return {
    score: ofStatistic("sluice_drift_score", "Statistic of the latest closed window."),
    floor: ofStatistic(
      "sluice_drift_floor",
      "What chance alone exceeds once in a thousand windows.",
    ),
    threshold: ofStatistic("sluice_drift_threshold", "The effect that matters."),
    verdict: ofFeature("sluice_drift_verdict", "-1 insufficient, 0 ok, 1 warn, 2 alarm."),
    alert: gauge(
      "sluice_alert_state",
      "1 pending, 2 firing, 3 clearing; absent where all is calm.",
      statisticLabels,
    ),
    finding: gauge(
      "sluice_quality_share",
      "Share of values with which something is wrong, by what it is; absent where nothing is.",
      [...featureLabels, "check"],
    ),
    changes: meter.observedCounter({
      name: "sluice_change_points_total",
      help: "Changes of level that were found, by signal and by what found them.",
      labels: [...versionLabels, "signal", "detector"],
    }),
    distinct: ofFeature(
      "sluice_distinct_values",
      "Different values of a category in the latest closed window.",
    ),
    distinctExpected: ofFeature(
      "sluice_distinct_expected",
      "Different values that so many rows of the baseline would have.",
    ),
    windowVerdict: ofVersion("sluice_drift_window_verdict", "The worst verdict of the window."),
    windowRows: ofVersion("sluice_drift_window_rows", "Rows of the latest closed window."),
    periodRows: ofVersion(
      "sluice_drift_period_rows",
      "Rows of the hour it is compared with, 0 where too few; absent where none is wanted.",
    ),
    slidingVerdict: ofFeature(
      "sluice_drift_sliding_verdict",
      "Of the latest windows together: -1 insufficient, 0 ok, 1 warn, 2 alarm.",
    ),
    slidingRows: ofVersion("sluice_drift_sliding_rows", "Rows of the latest windows together."),
    baselineUsable: ofVersion(
      "sluice_drift_baseline_usable",
      "1 where there is nothing wrong with it.",
    ),
    timeSeconds: ofVersion("sluice_monitor_time_seconds", "The stream's time, since 1970."),
    rowsLost: ofVersion("sluice_monitor_rows_lost", "Rows answered that were never heard of."),
    messagesMissing: ofVersion("sluice_monitor_messages_missing", "Messages that never came."),
    producers: ofVersion("sluice_monitor_producers", "Worker processes heard of."),
    rows: meter.observedCounter({
      name: "sluice_monitor_rows_total",
      help: "Rows in messages, by what became of them; late ones may have counted.",
      labels: [...versionLabels, "outcome"],
    }),
  };
}

function observeReport(shown: Shown, report: ModelReport): void {
  const { model, counters, closed } = report;
  const labels = [model, String(report.version)];
  const set = (family: Observed, value: number) => {
    family.series(...labels).value = value;
  };
  set(shown.baselineUsable, Number(report.baselineProblem === ""));
  set(shown.timeSeconds, report.monitorTimeMs / 1000);
  set(shown.rowsLost, counters.rowsLost);
  set(shown.messagesMissing, counters.messagesMissing);
  set(shown.producers, counters.producers);
  for (const [outcome, count] of Object.entries(rowOutcomes)) {
    shown.rows.series(...labels, outcome).value = counters[count];
  }
  for (const { side, feature, statistic, state } of report.alerts) {
    shown.alert.series(...labels, side, feature, statistic).value = alertNumbers[state.kind];
  }
  for (const { signal, detector, count } of report.changeCounts) {
    shown.changes.series(...labels, signal, detector).value = count;
  }
  const sliding = report.sliding?.window;
  if (sliding !== undefined) {
    set(shown.slidingRows, sliding.rows);
    for (const [side, each] of sidesOf(sliding)) {
      const verdict = verdictNumbers[each.verdict];
      shown.slidingVerdict.series(...labels, side, each.name).value = verdict;
    }
  }
  if (closed === undefined) return;
  set(shown.windowVerdict, verdictNumbers[closed.verdict]);
  set(shown.windowRows, closed.rows);
  const { period } = closed;
  if (period !== undefined) set(shown.periodRows, period.isUsed ? period.rows : 0);
  for (const [side, feature] of sidesOf(closed)) {
    observeFeature(shown, { labels: [...labels, side], feature });
  }
}

function sidesOf({ features, outputs }: WindowReport) {
  return [
    ...features.map((feature) => ["feature", feature] as const),
    ...outputs.map((output) => ["output", output] as const),
  ];
}

function observeFeature(
  shown: Shown,
  of: { readonly labels: readonly string[]; readonly feature: FeatureReport },
): void {
  const { feature } = of;
  const labels = [...of.labels, feature.name];
  shown.verdict.series(...labels).value = verdictNumbers[feature.verdict];
  // Windows that were saved before there were findings have none.
  for (const { check, share } of feature.findings ?? []) {
    shown.finding.series(...labels, check).value = share;
  }
  const { distinct, distinctExpected } = feature;
  if (distinct !== undefined) shown.distinct.series(...labels).value = distinct;
  if (distinctExpected !== undefined) {
    shown.distinctExpected.series(...labels).value = distinctExpected;
  }
  for (const { id, value, floor, threshold } of feature.statistics) {
    shown.score.series(...labels, id).value = value;
    if (floor !== undefined) shown.floor.series(...labels, id).value = floor;
    if (threshold !== undefined) shown.threshold.series(...labels, id).value = threshold;
  }
}
