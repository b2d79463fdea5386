/** `monitoring.performance` of model.yaml, defaults filled in. */
export type PerformanceSettings = {
  /** Undefined: what the outputs look like. `none` has labels counted for nothing. */
  readonly task: "classification" | "regression" | "none" | undefined;
  /** The output that labels are compared with, by its name; undefined: the one that suits. */
  readonly target: string | undefined;
  /** In their order; of two the last is the positive one. Undefined: as the outputs name them. */
  readonly classes: readonly string[] | undefined;
  /** Of the time of prediction. */
  readonly windowMs: number;
  /** How long after its prediction a label counts. */
  readonly horizonMs: number;
  /** Rows remembered for their labels. */
  readonly rowsMax: number;
};

const hourMs = 3_600_000;

export const performanceDefaults: PerformanceSettings = {
  task: undefined,
  target: undefined,
  classes: undefined,
  windowMs: hourMs,
  horizonMs: 7 * 24 * hourMs,
  rowsMax: 1_048_576,
};
