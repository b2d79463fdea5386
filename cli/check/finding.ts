/** What one check found: `none` where there was nothing to check, which is no fault. */
export type Finding = {
  readonly check: "model.yaml" | "loads" | "batches" | "baseline" | "examples";
  readonly outcome: "ok" | "failed" | "none";
  readonly text: string;
};

/** What was found out about one version. */
export type VersionFindings = {
  readonly model: string;
  readonly version: number;
  readonly findings: readonly Finding[];
};
