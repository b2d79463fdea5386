import type { Alert, AlertEvidence, MessageRange } from "./alert.ts";

/** The worst that a metric of live performance may be. */
export type MetricLimit = {
  readonly metric: string;
  readonly min: number | undefined;
  readonly max: number | undefined;
};

/** `monitoring.retrain` of model.yaml, defaults filled in. */
export type RetrainSettings = {
  /** Windows that the alert of an output must have lasted; undefined: drift is no reason. */
  readonly windows: number | undefined;
  readonly metrics: readonly MetricLimit[];
  /** Fewer are not enough to learn from, or to believe. */
  readonly rowsMin: number;
  /** After a request there is no other for so long. */
  readonly cooldownMs: number;
  /** A request that was not answered with another model by then is taken for failed. */
  readonly timeoutMs: number;
};

const hourMs = 3_600_000;

export const retrainDefaults: RetrainSettings = {
  windows: 5,
  metrics: [],
  rowsMin: 1000,
  cooldownMs: 24 * hourMs,
  timeoutMs: 72 * hourMs,
};

export type RetrainReason =
  | ({ readonly kind: "drift"; readonly sinceMs: number } & Pick<
      Alert,
      "side" | "feature" | "statistic"
    > &
      Pick<AlertEvidence, "value" | "threshold" | "floor" | "traceIds">)
  | ({
      readonly kind: "performance";
      readonly value: number;
      /** Rows with a label. */
      readonly labelled: number;
    } & MetricLimit);

/** A model version that should be trained again, and the rows that show it. */
export type RetrainRequest = {
  readonly version: number;
  readonly digest: string;
  /** The end of the latest window, by which the request came about. */
  readonly timeMs: number;
  readonly reason: RetrainReason;
  readonly rows: number;
  /** When the rows were predicted. */
  readonly startMs: number;
  readonly endMs: number;
  /** Sequences between which their messages are; undefined where that is not known. */
  readonly messages: MessageRange | undefined;
};
