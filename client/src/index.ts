/** What `import … from "sluice-client"` gives. */

export { BulkStream } from "./bulk.ts";
export type { BulkAnswer, BulkItem, FailedRow } from "./bulk-message.ts";
export type { BulkOptions, BulkPosition } from "./bulk-options.ts";
export type { TlsOptions } from "./channel.ts";
export type { CallOptions, ClientOptions, PredictRequest } from "./client.ts";
export { SluiceClient } from "./client.ts";
export type {
  FeatureColumn,
  FeatureColumns,
  FeatureRecord,
  FeatureValue,
  PredictedValue,
} from "./columns.ts";
export type { SluiceErrorCode, SluiceErrorDetails } from "./error.ts";
export { SluiceError } from "./error.ts";
export type { Batch, PredictedRow, ReplyDetails } from "./prediction.ts";
export { Predictions } from "./prediction.ts";
export type { RetryOptions } from "./retry.ts";
export type { Datatype, InferRequest, InferResult, Tensor, TensorData } from "./tensors.ts";
