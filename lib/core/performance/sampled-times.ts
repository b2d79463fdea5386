const minuteMs = 60_000;
/** Events are flushed soon after the rows they speak of; clocks of machines differ a little. */
const minutesAround = 1;
const minutesMax = 50_000;

/** The minutes in which sampling left rows out of the events. */
export class SampledTimes {
  readonly #minutes: Set<number>;

  constructor(minutes: readonly number[] = []) {
    this.#minutes = new Set(minutes);
  }

  add(timeMs: number): void {
    const minute = Math.floor(timeMs / minuteMs);
    if (this.#minutes.has(minute)) return;
    this.#minutes.add(minute);
    const [oldest] = this.#minutes;
    if (this.#minutes.size > minutesMax && oldest !== undefined) this.#minutes.delete(oldest);
  }

  isAround(timeMs: number): boolean {
    const minute = Math.floor(timeMs / minuteMs);
    for (let apart = -minutesAround; apart <= minutesAround; apart += 1) {
      if (this.#minutes.has(minute + apart)) return true;
    }
    return false;
  }

  isAnyBefore(timeMs: number): boolean {
    const [oldest = Number.POSITIVE_INFINITY] = this.#minutes;
    return oldest * minuteMs <= timeMs;
  }

  dropBefore(timeMs: number): void {
    const oldest = Math.floor(timeMs / minuteMs);
    for (const minute of this.#minutes) {
      if (minute >= oldest) return;
      this.#minutes.delete(minute);
    }
  }

  /** In the order they came. */
  state(): number[] {
    return [...this.#minutes];
  }
}
