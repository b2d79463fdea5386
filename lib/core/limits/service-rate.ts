/** What is known fades with time in which requests waited: to a third in so long. */
const memoryMs = 2_000;
/** Fewer answers say nothing about a rate, but that it is low where they took this long. */
const answersMin = 16;
const slowMs = 1_000;

/**
 * How fast the workers of a version answer when they have all the work they take, which is when
 * requests wait for them. Time without waiting requests says nothing of what they could do, and
 * does not count.
 */
export class ServiceRate {
  #answers = 0;
  #workerMs = 0;
  #answersSince = 0;
  #workers = 0;
  #sinceMs = 0;

  /**
   * From now on requests wait though so many workers are ready; 0 while none waits. Call it again
   * and again: what was counted is weighed then.
   */
  mark(workers: number, nowMs: number): void {
    const passedMs = nowMs - this.#sinceMs;
    if (this.#workers > 0 && passedMs > 0) {
      const kept = Math.exp(-passedMs / memoryMs);
      this.#answers = this.#answers * kept + this.#answersSince;
      this.#workerMs = this.#workerMs * kept + passedMs * this.#workers;
      this.#answersSince = 0;
    }
    this.#workers = workers;
    this.#sinceMs = nowMs;
  }

  /** A worker has answered a request. */
  answered(): void {
    if (this.#workers > 0) this.#answersSince += 1;
  }

  /**
   * Answers a millisecond of so many workers together; undefined while it is not known. While
   * nobody waits it is not: a rate of long ago is not to refuse anybody.
   */
  perMs(workers: number): number | undefined {
    if (this.#workers === 0) return undefined;
    const isKnown = this.#answers >= answersMin || this.#workerMs >= slowMs * workers;
    return isKnown ? (Math.max(1, this.#answers) / this.#workerMs) * workers : undefined;
  }
}
