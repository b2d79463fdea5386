import type { Dtype } from "../tensor/dtype.ts";

/** What the model file declares of one input or output. */
export type TensorSpec = {
  readonly name: string;
  readonly dtype: Dtype;
  /** -1 where any length is accepted. The batch dimension, if there is one, is included. */
  readonly shape: readonly number[];
};

/** `batching` of model.yaml, defaults filled in. 0 turns a delay, timeout or bound off. */
export type BatchingOptions = {
  readonly rowsMax: number;
  readonly rowsPreferred: readonly number[];
  readonly queueDelayMs: number;
  readonly queueRowsMax: number;
  readonly queueTimeoutMs: number;
  readonly orderingPreserved: boolean;
  readonly priorityLevels: number;
  /**
   * Largest relative difference the load-time probe accepts between rows run alone and together.
   */
  readonly tolerance: number;
};

/** Whether rows of different requests may share a run. */
export type BatchingDecision =
  | { readonly enabled: true }
  | { readonly enabled: false; readonly reason: string };

/** What a watched column of values holds. */
export type ColumnType = "number" | "category";
/** A text, unlike a category, is watched by numbers alone: there are too many of them. */
export type FeatureType = ColumnType | "text";

/** One named column of the input: what PredictService takes and the monitor watches. */
export type FeatureSpec = {
  readonly name: string;
  readonly input: string;
  /** Column of the input tensor; 0 for inputs of shape [N] and [N,1]. */
  readonly column: number;
  readonly type: FeatureType;
  readonly dtype: Dtype;
  readonly unit: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly categories: readonly string[];
  /** Taken where the caller gives none; undefined where there is no default. */
  readonly default: number | string | undefined;
  readonly required: boolean;
};

export type OutputRole = "label" | "probabilities" | "score" | "embedding" | "value";

/** One named prediction. */
export type OutputSpec = {
  readonly name: string;
  readonly output: string;
  readonly role: OutputRole;
  /** Class names in the order of the classes; empty where there are none. */
  readonly labels: readonly string[];
};

/** Everything a loaded model version accepts, answers and promises. */
export type ModelSpec = {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly batching: BatchingOptions;
  readonly batched: BatchingDecision;
  readonly features: readonly FeatureSpec[];
  readonly predictions: readonly OutputSpec[];
  readonly instances: number;
};

export const batchingDefaults: BatchingOptions = {
  rowsMax: 64,
  rowsPreferred: [],
  queueDelayMs: 0,
  queueRowsMax: 4096,
  queueTimeoutMs: 0,
  orderingPreserved: false,
  priorityLevels: 0,
  tolerance: 1e-5,
};
