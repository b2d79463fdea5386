import type { Alert } from "../alert/alert.ts";
import type { RetrainState } from "../alert/retrain-gate.ts";
import type { ChangePoint } from "../detect/change-point.ts";
import type { PerformanceSummary } from "../performance/performance-report.ts";
import type { ChangeCount } from "./change-watch.ts";
import type { Counters } from "./counters.ts";
import type { SlidingReport } from "./sliding-window.ts";
import type { WindowReport } from "./window-report.ts";

/** One model version as it stands. */
export type ModelReport = {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  /** Why drift cannot be computed, or not of every feature; empty when it can. */
  readonly baselineProblem: string;
  readonly baselineRows: number;
  readonly windowMs: number;
  readonly closed: WindowReport | undefined;
  readonly open: WindowReport | undefined;
  /** The latest windows together; undefined where the model wants none. */
  readonly sliding: SlidingReport | undefined;
  readonly counters: Counters;
  readonly monitorTimeMs: number;
  /** Those that are not calm. */
  readonly alerts: readonly Alert[];
  /** The latest changes of level, newest first, and how many were found so far. */
  readonly changes: readonly ChangePoint[];
  readonly changeCounts: readonly ChangeCount[];
  /** Of the model, whatever the version: what it is to be trained again for, where it is. */
  readonly retrain: RetrainState | undefined;
  readonly performance: PerformanceSummary | undefined;
};
