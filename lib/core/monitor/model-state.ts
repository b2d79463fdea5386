import type { NewsDeskState } from "../alert/news-desk.ts";
import type { PerformanceState } from "../performance/performance-report.ts";
import type { VersionState } from "./version-watch.ts";
import type { WindowReport } from "./window-report.ts";

/** A message that could not be used. */
export type Quarantined = {
  /** 0 for one of the feedback stream. */
  readonly version: number;
  readonly seq: number;
  readonly timeMs: number;
  readonly problem: string;
};

/**
 * A whole watch as a value: typed arrays, lists and plain objects. `history` stands apart, because
 * it is large and changes only when a window closes or is revised.
 */
export type ModelState = NewsDeskState & {
  readonly format: 1;
  readonly model: string;
  readonly timeMs: number;
  readonly messagesPurged: number;
  readonly quarantine: readonly Quarantined[];
  readonly versions: readonly VersionState[];
  /** Absent before labels were counted. */
  readonly performance?: PerformanceState | undefined;
};

export type ModelHistory = readonly {
  readonly version: number;
  /** Oldest first. */
  readonly windows: readonly WindowReport[];
}[];

export type SavedModel = { readonly state: ModelState; readonly history: ModelHistory };
