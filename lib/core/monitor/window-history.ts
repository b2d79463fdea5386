import { volumeOf } from "./volume.ts";
import type { WindowReport } from "./window-report.ts";

/**
 * The reports of a version's closed windows, as many as there is room for: their number falls with
 * the number of features a report speaks of.
 */
export class WindowHistory {
  /** Oldest first. */
  #windows: readonly WindowReport[];

  constructor(windows: readonly WindowReport[] = []) {
    this.#windows = windows;
  }

  /** Newest first. */
  get newestFirst(): readonly WindowReport[] {
    return this.#windows.toReversed();
  }

  /** Adds windows that have closed, oldest first, and forgets those beyond `windowsMax`. */
  add(reports: readonly WindowReport[], windowsMax: number): WindowReport[] {
    if (reports.length === 0) return [];
    const added = reports.map((report) => {
      const whole = this.#withVolume(report);
      this.#windows = [...this.#windows, whole];
      return whole;
    });
    this.#windows = this.#windows.slice(-windowsMax);
    return added;
  }

  /** Puts a window in the place of what was known of it; one that is forgotten stays so. */
  revise(report: WindowReport): WindowReport {
    const whole = this.#withVolume(report);
    this.#windows = this.#windows.map((each) => (each.startMs === report.startMs ? whole : each));
    return whole;
  }

  #withVolume(report: WindowReport): WindowReport {
    const before = this.#windows.filter(({ startMs }) => startMs < report.startMs);
    const rows = before.map((each) => each.rows);
    return { ...report, volume: volumeOf(report.rows, rows) };
  }
}
