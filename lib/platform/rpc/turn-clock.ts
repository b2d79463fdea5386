/**
 * Measures how much there is to do in turns of the event loop in which something arrives, by the
 * processor time of the thread: it does not grow when other processes have the processor.
 *
 * A turn begins with the first arrival and ends when the loop has been around; while every turn has
 * arrivals, one begins where the last one ended. After a short one nothing is followed, so that
 * little traffic costs next to nothing and keeps no idle loop going.
 */
import { monotonicMs } from "#platform/clock.ts";

const shortMs = 2;
const usPerMs = 1_000;
const noTime: NodeJS.CpuUsage = { user: 0, system: 0 };

/** A turn that was busy for so long began and ended then, on the monotonic clock. */
export type OnTurn = (busyMs: number, sinceMs: number, nowMs: number) => void;

export class TurnClock {
  readonly #onTurn: OnTurn;
  readonly #tick = (): void => this.#end();
  #isRunning = false;
  #hasArrivals = false;
  #sinceMs = 0;
  #since = noTime;

  constructor(onTurn: OnTurn) {
    this.#onTurn = onTurn;
  }

  arrived(): void {
    this.#hasArrivals = true;
    if (!this.#isRunning) this.#begin();
  }

  #begin(): void {
    this.#isRunning = true;
    this.#sinceMs = monotonicMs();
    this.#since = process.threadCpuUsage();
    setImmediate(this.#tick);
  }

  #end(): void {
    const hadArrivals = this.#hasArrivals;
    this.#hasArrivals = false;
    this.#isRunning = false;
    if (!hadArrivals) return;
    const sinceMs = this.#sinceMs;
    const nowMs = monotonicMs();
    if (nowMs - sinceMs < shortMs) {
      this.#onTurn(nowMs - sinceMs, sinceMs, nowMs);
      return;
    }
    const { user, system } = process.threadCpuUsage(this.#since);
    this.#onTurn((user + system) / usPerMs, sinceMs, nowMs);
    this.#begin();
  }
}
