import type { Alert } from "../alert/alert.ts";
import { AlertBook } from "../alert/alert-book.ts";
import type { Thresholds } from "../drift/verdict.ts";
import { type ArchiveState, HourArchive } from "./hour-archive.ts";
import type { Pane } from "./pane.ts";
import type { Reference } from "./reference.ts";
import {
  looksPerSpan,
  type SlidingSettings,
  type SlidingState,
  SlidingWindow,
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
    const silentMs = nowMs - this.#silentMs;
    const reports = due.map((pane) => {
      const report = this.report(pane, now, false);
      this.#span(pane, now);
      // One that closes after a long silence says nothing of now.
      if (report.endMs >= silentMs) this.#observe(report, pane, now);
      return report;
    });
    const last = reports.at(-1);
    if (last !== undefined) this.#sliding?.forgetBefore(last.endMs);
    if (nowMs - this.#expiredMs >= this.#options.windowMs) {
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
    if (latest !== undefined) this.#span(latest, now);
  }

  report(pane: Pane, { closed }: VersionNow, provisional: boolean): WindowReport {
    const { windowMs, thresholds } = this.#options;
    const past = this.#archive?.before(pane.startMs, closed);
    const options = { windowMs, thresholds, provisional, past };
    return reportWindow(pane, this.#judged.reference, options);
  }

  get #silentMs(): number {
    const { windowMs, sliding } = this.#options;
    const step = sliding?.alerts === true ? Math.ceil(sliding.windows / looksPerSpan) : 1;
    return silentWindowsMax * step * windowMs;
  }

  #span({ startMs }: Pane, { closed }: VersionNow): void {
    const past = this.#archive?.before(startMs, closed);
    this.#sliding?.span({ endMs: startMs + this.#options.windowMs, closed, past });
  }

  #observe(report: WindowReport, pane: Pane, { digest }: VersionNow): void {
    const baseline = this.#judged.reference?.fingerprint ?? "";
    const sliding = this.#options.sliding?.alerts === true ? this.#sliding : undefined;
    const { traceIds, messages } = sliding?.context ?? pane;
    const observed = sliding === undefined ? report : sliding.look();
    if (observed === undefined) return;
    this.#alerts.observe(observed, { traceIds, messages, digest, baseline });
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
