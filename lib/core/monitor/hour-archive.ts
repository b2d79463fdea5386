import type { PreparedFeature } from "../drift/comparison.ts";
import { countedBaseline } from "../drift/counted-baseline.ts";
import type { Pane } from "./pane.ts";
import type { Reference } from "./reference.ts";
import {
  emptySpan,
  histogramsOfSpan,
  hourMs,
  hourOf,
  type SpanCounts,
  spanBytes,
  withPane,
} from "./span-counts.ts";

/** The clock hour that a window is compared with. */
export type Period = {
  readonly startMs: number;
  readonly endMs: number;
  readonly rows: number;
  /** Why no hours are kept; empty when they are. */
  readonly problem: string;
};

/** The same, with what it counted where it counted anything. */
export type PastHour = Period & {
  /** In the order of the reference. */
  readonly features: readonly PreparedFeature[];
  readonly outputs: readonly PreparedFeature[];
};

/** Hours, and the name of the cells they were counted in. */
export type SavedHours = { readonly cells: string; readonly hours: readonly SpanCounts[] };

export type ArchiveState = {
  /** Those that nothing is added to any more: large, and another list once an hour. */
  readonly past: SavedHours | undefined;
  readonly current: SavedHours | undefined;
};

export type HourArchiveOptions = {
  /** How long ago the hour is that a window is compared with. */
  readonly hours: number;
  /** Names the cells of the reference: hours that were counted in others are dropped. */
  readonly cells: string;
};

// A week's hours of 400 numbers.
const bytesMax = 64 * 2 ** 20;
/** Windows that close at once may be of an hour before that of the latest. */
const hoursMore = 2;

/**
 * What every clock hour of the last `hours` has counted, so that a window can be compared with the
 * hour that long ago: exactly what its windows counted, late rows included. A window is added when
 * nothing can change it any more; those that something can are given to whoever asks.
 */
export class HourArchive {
  /** Why no hours are kept; empty when they are. */
  readonly problem: string;
  readonly #options: HourArchiveOptions;
  readonly #reference: Reference;
  /** Oldest first, without the current one. */
  #past: readonly SpanCounts[];
  #current: SpanCounts | undefined;
  #latest: { readonly hour: SpanCounts; readonly of: PastHour } | undefined;

  constructor(options: HourArchiveOptions, reference: Reference, saved?: ArchiveState) {
    this.#options = options;
    this.#reference = reference;
    const { hours, cells } = options;
    const bytes = (hours + hoursMore + 1) * spanBytes(reference);
    this.problem =
      bytes <= bytesMax ? "" : `${hours} hours would take ${mib(bytes)}, limit ${mib(bytesMax)}`;
    const isUsable = (of: SavedHours | undefined) => this.problem === "" && of?.cells === cells;
    this.#past = isUsable(saved?.past) ? (saved?.past?.hours ?? []).map(copyOf) : [];
    this.#current = isUsable(saved?.current) ? saved?.current?.hours[0] : undefined;
  }

  state(): ArchiveState {
    const { cells } = this.#options;
    const current = this.#current === undefined ? [] : [this.#current];
    return { past: { cells, hours: this.#past }, current: { cells, hours: current } };
  }

  /** Adds a window that has closed for good. Windows come in the order of their times. */
  add(pane: Pane): void {
    if (this.problem !== "") return;
    const startMs = hourOf(pane.startMs);
    if (this.#current !== undefined && this.#current.startMs !== startMs) {
      const sinceMs = startMs - (this.#options.hours + hoursMore) * hourMs;
      const past = [...this.#past, this.#current];
      this.#past = past.filter((hour) => hour.startMs >= sinceMs);
      this.#current = undefined;
    }
    const hour = this.#current ?? emptySpan(this.#reference, startMs);
    this.#current = withPane(hour, pane);
  }

  /** What a window that begins at `startMs` is compared with; `closed` are not added yet. */
  before(startMs: number, closed: readonly Pane[]): PastHour {
    const fromMs = hourOf(startMs) - this.#options.hours * hourMs;
    const known =
      this.#current?.startMs === fromMs
        ? this.#current
        : this.#past.find((hour) => hour.startMs === fromMs);
    const more = closed.filter((pane) => hourOf(pane.startMs) === fromMs);
    if (this.problem !== "" || (known === undefined && more.length === 0)) {
      return { ...periodOf(fromMs, 0, this.problem), features: [], outputs: [] };
    }
    const first = known ?? emptySpan(this.#reference, fromMs);
    const hour = more.reduce((sum, pane) => withPane(sum, pane), first);
    if (this.#latest?.hour !== hour) this.#latest = { hour, of: this.#prepare(hour) };
    return this.#latest.of;
  }

  #prepare(hour: SpanCounts): PastHour {
    const { features, outputs } = this.#reference;
    const counted = histogramsOfSpan(hour, this.#reference);
    const prepared = [...features, ...outputs].map((feature, place) =>
      countedBaseline(feature, counted[place] ?? feature.empty()),
    );
    return {
      ...periodOf(hour.startMs, hour.rows, ""),
      features: prepared.slice(0, features.length),
      outputs: prepared.slice(features.length),
    };
  }
}

function periodOf(startMs: number, rows: number, problem: string): Period {
  return { startMs, endMs: startMs + hourMs, rows, problem };
}

/** Arrays as they are read are views into all that was read together. */
function copyOf(hour: SpanCounts): SpanCounts {
  const { counts, sums, quality } = hour;
  return { ...hour, counts: counts.slice(), sums: sums.slice(), quality: quality.slice() };
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
