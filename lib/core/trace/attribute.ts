/** The names of our own span attributes. */
export const traceAttribute = {
  /** UUID of the prediction: a trace can be found by it. */
  predictionId: "sluice.prediction_id",
  /** Name of the model: traces can be listed by it. */
  model: "sluice.model",
  version: "sluice.version",
} as const;
