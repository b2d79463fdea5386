/**
 * Measures how much there is to do in turns of the event loop in which something arrives.
 *
 * A turn begins with the first arrival and ends when the loop has been around. Short ones are
 * measured by the wall clock, which costs next to nothing. After a long one the following turns are
 * measured by the processor time of the thread, which does not grow when other processes have the
 * processor, until nothing arrives any more.
 */
import { monotonicMs } from "#platform/clock.ts";

const shortMs = 2;
const usPerMs = 1_000;

export class TurnClock {
  readonly #onTurn: (busyMs: number) => void;
  readonly #tick = (): void => this.#end();
  #isRunning = false;
  #hasArrivals = false;
  #sinceMs = 0;
  /** Undefined while turns are short. */
  #cpu: NodeJS.CpuUsage | undefined;

  constructor(onTurn: (busyMs: number) => void) {
    this.#onTurn = onTurn;
  }

  arrived(): void {
    this.#hasArrivals = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#sinceMs = monotonicMs();
    setImmediate(this.#tick);
  }

  #end(): void {
    const before = this.#cpu;
    const passedMs = monotonicMs() - this.#sinceMs;
    const isFollowing = this.#hasArrivals && (before !== undefined || passedMs > shortMs);
    this.#hasArrivals = false;
    if (before !== undefined) {
      const { user, system } = process.threadCpuUsage(before);
      this.#onTurn((user + system) / usPerMs);
    } else if (!isFollowing) {
      this.#onTurn(passedMs);
    }
    this.#isRunning = isFollowing;
    this.#cpu = isFollowing ? process.threadCpuUsage() : undefined;
    if (isFollowing) setImmediate(this.#tick);
  }
}
