/** Every metadata key Sluice reads or writes. */
export const metadataKey = {
  /** Reply: the UUID of the prediction. */
  predictionId: "sluice-prediction-id",
  /** Request: `1` asks for a `prediction_token` in the reply to Predict. */
  predictionToken: "sluice-prediction-token",
  /** Request: `1` asks for the `server-timing` trailer. */
  explain: "sluice-explain",
  /** Request: `1` asks a gateway for what it knows itself, without its siblings. */
  alone: "sluice-alone",
  /** Reply, on request: where the gateway's time went. */
  serverTiming: "server-timing",
  /** Request: W3C trace context. */
  traceparent: "traceparent",
  /** Request: `true` has the first error of a ModelStreamInfer end the call, as Triton has it. */
  tritonGrpcError: "triton_grpc_error",
  tracestate: "tracestate",
  /** Reply: milliseconds to wait before trying again, as gRPC retry policies read it. */
  retryPushback: "grpc-retry-pushback-ms",
} as const;
