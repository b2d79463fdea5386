import type { ClassificationMetrics } from "./classification-tally.ts";
import type { Band } from "./estimate.ts";
import type { PerformanceReport } from "./performance-windows.ts";
import type { RegressionMetrics } from "./regression-tally.ts";

export type NamedMetric = {
  readonly id: string;
  /** From labels. */
  readonly value: number | undefined;
  /** Without labels. */
  readonly estimate: Band | undefined;
};

/**
 * The metrics of a report by name, in the order people read them. What concerns one class is that
 * of the last of two, and of more the mean over all.
 */
export function metricList({ metrics, estimate }: PerformanceReport): NamedMetric[] {
  const plain = (id: string, value: number | undefined, band?: Band) => ({
    ...{ id, value, estimate: band },
  });
  if (!isClassification(metrics)) {
    const { mae, rmse, r2, meanError } = metrics;
    return [
      plain("mae", mae),
      plain("rmse", rmse),
      plain("r2", r2),
      plain("mean_error", meanError),
    ];
  }
  const { accuracy, auc, logLoss, brier, ece } = metrics;
  const { precision, recall, f1 } = metrics.positive ?? metrics.macro;
  return [
    plain("accuracy", accuracy, estimate?.accuracy),
    plain("precision", precision, estimate?.precision),
    plain("recall", recall, estimate?.recall),
    plain("f1", f1, estimate?.f1),
    plain("auc", auc, estimate?.auc),
    plain("log_loss", logLoss),
    plain("brier", brier),
    plain("ece", ece),
  ];
}

function isClassification(
  metrics: ClassificationMetrics | RegressionMetrics,
): metrics is ClassificationMetrics {
  return "accuracy" in metrics;
}
