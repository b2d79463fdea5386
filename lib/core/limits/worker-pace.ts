/** Rows of a request are averaged over about so many replies. */
const rowsReplies = 64;

/**
 * How fast a worker answers when it has enough to do, by what it tells of its runs. That is known
 * before anybody has waited, and while what waits does so in the worker.
 */
export class WorkerPace {
  #batchRunUs = 0;
  #rows = 0;

  /** The worker says what a full batch would take to run now; 0 where it does not know. */
  told(batchRunUs: number): void {
    this.#batchRunUs = batchRunUs;
  }

  /** A request of so many rows has been answered. */
  answered(rows: number): void {
    const weight = this.#rows === 0 ? 1 : 1 / rowsReplies;
    this.#rows += (Math.max(1, rows) - this.#rows) * weight;
  }

  /** Requests a millisecond, where so many rows run at a time; undefined while it is not known. */
  perMs(rowsAtATime: number): number | undefined {
    if (this.#batchRunUs === 0) return undefined;
    return (1_000 * rowsAtATime) / (this.#batchRunUs * Math.max(1, this.#rows));
  }
}
