import type { NewsDeskState } from "../alert/news-desk.ts";
import type { PerformanceState } from "../performance/performance-report.ts";
import type { SavedHours } from "./hour-archive.ts";
import type { SlidingState } from "./sliding-window.ts";
import type { SavedVersion, VersionState } from "./version-state.ts";
import type { VersionWatch } from "./version-watch.ts";
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
  /** Absent where there is no sliding window. */
  readonly sliding?: SlidingState | undefined;
}[];

/** The hours that windows are compared with, of versions that have any; they rarely change. */
export type ModelHours = readonly { readonly version: number; readonly past: SavedHours }[];

export type SavedModel = {
  readonly state: ModelState;
  readonly history: ModelHistory;
  readonly hours?: ModelHours | undefined;
};

/** What was saved of each version, in the order of their states. */
export function savedVersions({ state, history, hours = [] }: SavedModel): SavedVersion[] {
  return state.versions.map((each) => {
    const isOf = ({ version }: { readonly version: number }) => version === each.version;
    const { windows = [], sliding } = history.find(isOf) ?? {};
    return { state: each, history: windows, sliding, pastHours: hours.find(isOf)?.past };
  });
}

export function historyOf(watches: Iterable<VersionWatch>): ModelHistory {
  return Array.from(watches, ({ version, history, sliding }) => ({
    version,
    windows: history.toReversed(),
    ...(sliding === undefined ? {} : { sliding: sliding.state() }),
  }));
}

export function hoursOf(watches: Iterable<VersionWatch>): ModelHours {
  return [...watches].flatMap(({ version, archive }) => {
    const past = archive?.state().past;
    return past === undefined || past.hours.length === 0 ? [] : [{ version, past }];
  });
}

/** Whether no hour has been added or dropped: lists are the same or others. */
export function isSameHours(one: ModelHours, other: ModelHours): boolean {
  const isIn = ({ version, past }: ModelHours[number]) =>
    other.some((each) => each.version === version && each.past.hours === past.hours);
  return one.length === other.length && one.every(isIn);
}
