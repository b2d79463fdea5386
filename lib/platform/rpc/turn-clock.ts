/**
 * Follows turns of the event loop in which something arrives.
 *
 * A turn begins with the first arrival and ends when the loop has been around. Where that took
 * longer than a moment the next turn begins there, whether or not anything arrives in it; after a
 * short one nothing is followed, so that little traffic costs next to nothing and keeps no idle
 * loop going.
 */
import { monotonicMs } from "#platform/clock.ts";

const shortMs = 2;

/** A turn began and ended then, on the monotonic clock. */
export type OnTurn = (sinceMs: number, nowMs: number) => void;

export class TurnClock {
  readonly #onTurn: OnTurn;
  readonly #tick = (): void => this.#end();
  #isRunning = false;
  #sinceMs = 0;

  constructor(onTurn: OnTurn) {
    this.#onTurn = onTurn;
  }

  arrived(): void {
    if (!this.#isRunning) this.#begin(monotonicMs());
  }

  #begin(nowMs: number): void {
    this.#isRunning = true;
    this.#sinceMs = nowMs;
    setImmediate(this.#tick);
  }

  #end(): void {
    this.#isRunning = false;
    const sinceMs = this.#sinceMs;
    const nowMs = monotonicMs();
    this.#onTurn(sinceMs, nowMs);
    if (nowMs - sinceMs >= shortMs) this.#begin(nowMs);
  }
}
