import type { Meter, Observed } from "#core/metric/meter.ts";
import { metricList } from "#core/performance/metric-list.ts";
import type { AllLabelCounts, PerformanceSummary } from "#core/performance/performance-report.ts";
import type { WatchedModels } from "./watched-models.ts";

/** What became of labels; one that replaced another is counted again. */
const labelOutcomes: Readonly<Record<string, keyof AllLabelCounts>> = {
  matched: "matched",
  revised: "revised",
  repeated: "repeated",
  unsampled: "unsampled",
  expired: "expired",
  unknown: "unknown",
  unusable: "unusable",
  overflowed: "overflowed",
};

/** Shows how predictions compare with labels, of every watched model, whenever somebody looks. */
export function observePerformance(models: WatchedModels, meter: Meter): void {
  const shown = shownOf(meter);
  meter.observe(Object.values(shown), () => {
    for (const { model, version, performance } of models.reports()) {
      if (performance !== undefined) observeSummary(shown, model, version, performance);
    }
  });
}

type Shown = ReturnType<typeof shownOf>;

function shownOf(meter: Meter) {
  const gauge = (name: string, help: string, ...labels: readonly string[]): Observed =>
    meter.gauge({ name, help, labels: ["model", "version", ...labels] });
  return {
    score: gauge("sluice_performance_score", "Of rows with labels within the horizon.", "metric"),
    estimate: gauge("sluice_performance_estimate", "The same from scores alone.", "metric"),
    coverage: gauge("sluice_performance_coverage", "Share of rows that have a label."),
    labels: meter.observedCounter({
      name: "sluice_monitor_labels_total",
      help: "Labels, by what became of them.",
      labels: ["model", "outcome"],
    }),
    waiting: meter.gauge({
      name: "sluice_monitor_labels_waiting",
      help: "Labels whose rows may still come.",
      labels: ["model"],
    }),
    rowsDropped: meter.observedCounter({
      name: "sluice_monitor_label_rows_dropped_total",
      help: "Rows forgotten before the horizon of their labels.",
      labels: ["model"],
    }),
  };
}

function observeSummary(
  shown: Shown,
  model: string,
  version: number,
  { labels, total }: PerformanceSummary,
): void {
  for (const [outcome, count] of Object.entries(labelOutcomes)) {
    shown.labels.series(model, outcome).value = labels[count];
  }
  shown.waiting.series(model).value = labels.waiting;
  shown.rowsDropped.series(model).value = labels.rowsDropped;
  if (total === undefined) return;
  const of = [model, String(version)];
  shown.coverage.series(...of).value = total.coverage ?? 0;
  for (const { id, value, estimate } of metricList(total)) {
    if (value !== undefined) shown.score.series(...of, id).value = value;
    if (estimate !== undefined) shown.estimate.series(...of, id).value = estimate.value;
  }
}
