import type { StreamOptions } from "./bus.ts";

/** The key-value bucket of hints where workers can be dialled, by instance. */
export const workersBucket = "sluice_workers";

/** What monitors save, and who of them does what. */
export const monitorBucket = "sluice_monitor";

/**
 * Prediction events, by model and version. Holds those of one worker at its full budget for 20 to
 * 45 minutes, and of a few busy ones for hours.
 */
export const predictionStream: StreamOptions = {
  name: "SLUICE_PREDICTIONS",
  subjects: ["sluice.prediction.*.*"],
  bytesMax: 1024 ** 3,
  ageMsMax: 7 * 24 * 3600 * 1000,
};

/** Labels of predictions, by model: of a million a day, a week's. */
export const feedbackStream: StreamOptions = {
  name: "SLUICE_FEEDBACK",
  subjects: ["sluice.feedback.*"],
  bytesMax: 256 * 1024 ** 2,
  ageMsMax: 30 * 24 * 3600 * 1000,
};

const alertAgeMs = 30 * 24 * 3600 * 1000;

/**
 * Alerts and wishes for retraining, as CloudEvents. One that is sent again, even by a monitor that
 * was away for weeks, is stored once.
 */
export const alertStream: StreamOptions = {
  name: "SLUICE_ALERTS",
  subjects: ["sluice.alert.*.*", "sluice.retrain.*"],
  bytesMax: 64 * 1024 ** 2,
  ageMsMax: alertAgeMs,
  duplicatesMs: alertAgeMs,
};
