import type { Alert } from "../alert/alert.ts";
import { AlertBook, type WindowContext } from "../alert/alert-book.ts";
import type { Thresholds } from "../drift/verdict.ts";
import { type ArchiveState, HourArchive } from "./hour-archive.ts";
import type { Pane } from "./pane.ts";
import type { Reference } from "./reference.ts";
import {
  type SlidingSettings,
  type SlidingState,
  SlidingWindow,
  type Spanned,
} from "./sliding-window.ts";
import { WindowHistory } from "./window-history.ts";
import { reportWindow, type WindowReport } from "./window-report.ts";

export type JudgeOptions = {
  readonly windowMs: number;
  readonly thresholds: Thresholds;
  /** How long ago the hour is that windows are compared with; absent: with baseline.json. */
  readonly periodHours?: number | undefined;
  /** Absent: windows are looked at one by one. */
  readonly sliding?: SlidingSettings | undefined;
};

/** What windows are compared with, and the name of the cells they are counted in. */
export type Judged = { readonly reference: Reference | undefined; readonly cells: string };

export type SavedWindows = {
  /** Absent in what older monitors saved. */
  readonly alerts?: readonly Alert[] | undefined;
  readonly history: readonly WindowReport[];
  readonly sliding?: SlidingState | undefined;
  readonly hours: ArchiveState;
};

/** The panes of a version that may still change, and the model file that it is asked for. */
export type VersionNow = { readonly closed: readonly Pane[]; readonly digest: string };

/** Windows of history kept for each version. */
const historyMax = 120;
// A feature's report takes about a kilobyte: of more than 273 features fewer windows are kept.
const historyReportsMax = 32_768;
const historyMin = 2;
// An alert that no window has spoken of for so many is over: a version that is not asked any more,
// or too seldom to tell.
const silentWindowsMax = 60;

/**
 * What is said of the windows of a version: reports of each and of the latest together, against the
 * baseline or an earlier hour, and the alerts that come of it.
 */
export class ClosedWindows {
  readonly #options: JudgeOptions;
  #judged: Judged;
  readonly #history: WindowHistory;
  readonly #alerts: AlertBook;
  #archive: HourArchive | undefined;
  #sliding: SlidingWindow | undefined;
  /** When silent alerts were last looked for: once a window is enough. */
  #expiredMs = 0;

  constructor(version: number, options: JudgeOptions, judged: Judged, saved?: SavedWindows) {
    this.#options = options;
    this.#judged = judged;
    this.#history = new WindowHistory(saved?.history);
    this.#alerts = new AlertBook(version, saved?.alerts);
    this.#archive = this.#makeArchive(saved?.hours);
    this.#sliding = this.#makeSliding(saved?.sliding);
  }

  get history(): WindowHistory {
    return this.#history;
  }

  get alerts(): AlertBook {
    return this.#alerts;
  }

  /** Undefined where no hours are kept. */
  get archive(): HourArchive | undefined {
    return this.#archive;
  }

  /** Undefined where the model wants none, or has no baseline. */
  get sliding(): SlidingWindow | undefined {
    return this.#sliding;
  }

  /** Windows are compared with something else: what was counted before says nothing any more. */
  redefine(judged: Judged): void {
    this.#judged = judged;
    this.#archive = this.#makeArchive();
    this.#sliding = this.#makeSliding();
    this.#alerts.reset("baseline");
  }

  /** Takes a window that cannot be revised any more, oldest first. */
  settle(pane: Pane): void {
    this.#archive?.add(pane);
    this.#sliding?.add(pane);
  }

  /** Takes the windows that have closed by `nowMs`, oldest first. */
  close(due: readonly Pane[], now: VersionNow & { readonly nowMs: number }): WindowReport[] {
    const { nowMs } = now;
    const { windowMs } = this.#options;
    const silentMs = nowMs - silentWindowsMax * windowMs;
    const reports = due.map((pane) => {
      const report = this.report(pane, now, false);
      const sliding = this.#slide(pane, now);
      // One that closes after a long silence says nothing of now.
      if (report.endMs >= silentMs) this.#observe({ report, sliding }, pane, now);
      return report;
    });
    const last = reports.at(-1);
    if (last !== undefined) this.#sliding?.forgetBefore(last.endMs);
    if (nowMs - this.#expiredMs >= windowMs) {
      this.#alerts.expire(silentMs);
      this.#expiredMs = nowMs;
    }
    return this.#history.add(reports, this.#historyMax());
  }

  /** Takes closed windows to which late rows have been added. */
  revise(late: readonly Pane[], now: VersionNow): WindowReport[] {
    const revised = late.map((pane) => this.#history.revise(this.report(pane, now, false)));
    if (revised.length > 0) this.resume(now);
    return revised;
  }

  /** Looks at the windows that are there, after they were restored or revised. */
  resume(now: VersionNow): void {
    const latest = now.closed.at(-1);
    if (latest !== undefined) this.#slide(latest, now);
  }

  report(pane: Pane, { closed }: VersionNow, provisional: boolean): WindowReport {
    const { windowMs, thresholds } = this.#options;
    const past = this.#archive?.before(pane.startMs, closed);
    const options = { windowMs, thresholds, provisional, past };
    return reportWindow(pane, this.#judged.reference, options);
  }

  #slide(latest: Pane, { closed }: VersionNow): WindowReport | undefined {
    return this.#sliding?.slide(this.#spanned(latest, closed));
  }

  #observe(
    { report, sliding }: { report: WindowReport; sliding: WindowReport | undefined },
    pane: Pane,
    now: VersionNow,
  ): void {
    const baseline = this.#judged.reference?.fingerprint ?? "";
    const contextOf = ({ traceIds, messages }: Pick<Pane, "traceIds" | "messages">) => {
      const context: WindowContext = { traceIds, messages, digest: now.digest, baseline };
      return context;
    };
    if (this.#sliding === undefined || this.#options.sliding?.alerts !== true) {
      this.#alerts.observe(report, contextOf(pane));
    } else if (sliding !== undefined && this.#sliding.isForAlerts(sliding.endMs)) {
      const context = this.#sliding.contextOf(this.#spanned(pane, now.closed));
      this.#alerts.observe(sliding, contextOf(context));
    }
  }

  #spanned({ startMs }: Pane, closed: readonly Pane[]): Spanned {
    const past = this.#archive?.before(startMs, closed);
    return { endMs: startMs + this.#options.windowMs, closed, past };
  }

  #historyMax(): number {
    const { features, outputs } = this.#judged.reference ?? { features: [], outputs: [] };
    const width = Math.max(1, features.length + outputs.length);
    const most = Math.max(historyMin, Math.floor(historyReportsMax / width));
    return Math.min(historyMax, most);
  }

  #makeArchive(saved?: ArchiveState): HourArchive | undefined {
    const { reference, cells } = this.#judged;
    const { periodHours: hours } = this.#options;
    if (reference === undefined || hours === undefined) return undefined;
    return new HourArchive({ hours, cells }, reference, saved);
  }

  #makeSliding(saved?: SlidingState): SlidingWindow | undefined {
    const { reference, cells } = this.#judged;
    const { sliding, windowMs, thresholds } = this.#options;
    if (reference === undefined || sliding === undefined) return undefined;
    const options = { ...sliding, windowMs, thresholds, cells: `${windowMs} ${cells}` };
    return new SlidingWindow(options, reference, saved);
  }
}
