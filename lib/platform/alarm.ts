import { monotonicMs } from "./clock.ts";

/** Timers of Node cannot wait longer. */
const timerMsMax = 2 ** 31 - 1;

/**
 * One timer for the first of many moments. It may go off before that, when what it was set for is
 * no more: to look in vain and set it again costs less than to move it each time.
 */
export class Alarm implements Disposable {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Goes off at this moment of the monotonic clock, or earlier. Infinity is never. */
  setAt(timeMs: number): void {
    if (timeMs >= this.#dueMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = timeMs;
    const waitMs = Math.min(timerMsMax, Math.max(0, Math.ceil(timeMs - monotonicMs())));
    this.#timer = setTimeout(() => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#onDue();
    }, waitMs);
  }

  /** Goes off no more, until it is set again. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
