import { formatCount, formatDuration } from "../format.ts";

/** How fast rows go, and how long it will take. */
export class Rate {
  readonly #startMs: number;
  readonly #rowsBefore: number;
  #share: number | undefined;

  /** `rowsBefore` were done by an earlier run. */
  constructor(startMs: number, rowsBefore: number) {
    this.#startMs = startMs;
    this.#rowsBefore = rowsBefore;
  }

  elapsedMs(nowMs: number): number {
    return nowMs - this.#startMs;
  }

  /** `12000 rows  3400 rows/s  2.1 min left`; what is left is told where the whole is known. */
  describe(rows: number, share: number | undefined, nowMs: number): string {
    const elapsedMs = Math.max(1, this.elapsedMs(nowMs));
    const perSecond = Math.round(((rows - this.#rowsBefore) * 1_000) / elapsedMs);
    const counts = `${formatCount(rows, "row")}  ${perSecond} rows/s`;
    if (share === undefined) return counts;
    // What an earlier run did passes in no time.
    this.#share ??= this.#rowsBefore === 0 ? 0 : share;
    const done = share - this.#share;
    if (done <= 0) return counts;
    const leftMs = (elapsedMs * Math.max(0, 1 - share)) / done;
    return `${counts}  ${formatDuration(leftMs * 1_000)} left`;
  }
}
