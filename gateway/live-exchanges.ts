import { Failure } from "#core/failure.ts";
import { PlacedHeap } from "#core/limits/placed-heap.ts";
import { Alarm } from "#platform/alarm.ts";
import { monotonicMs } from "#platform/clock.ts";
import { currentAttempt, type Exchange } from "./exchange.ts";

export type LiveLimits = {
  /** Payload bytes of all requests under way together. */
  readonly bytesMax: number;
  /** Payloads up to this size are kept for another try after their frames have left. */
  readonly retainedBytesMax: number;
  /** Payload bytes kept for another try, together. */
  readonly retainedBytesTotalMax: number;
};

const retryBytesMs = 100;

/**
 * All requests under way, with the bytes they hold and the one timer that ends them at their
 * deadlines.
 */
export class LiveExchanges {
  readonly #limits: LiveLimits;
  readonly #onExpired: (exchange: Exchange) => void;
  readonly #deadlines = new PlacedHeap<Exchange>({
    isBefore: (one, other) => dueMsOf(one) < dueMsOf(other),
    placeOf: (exchange) => exchange.livePlace,
    setPlace: (exchange, place) => {
      exchange.livePlace = place;
    },
  });
  readonly #alarm = new Alarm(() => this.#expireDue());
  readonly #idleWaiters: (() => void)[] = [];
  #bytes = 0;
  #retainedBytes = 0;

  /** `onExpired` is called once for each that is still here at its deadline, and has it removed. */
  constructor(limits: LiveLimits, onExpired: (exchange: Exchange) => void) {
    this.#limits = limits;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#deadlines.size;
  }

  /** Payload bytes of what is under way. */
  get bytes(): number {
    return this.#bytes;
  }

  all(): readonly Exchange[] {
    return [...this.#deadlines.items];
  }

  /** Why a request of this size cannot be taken now; undefined when it can. */
  refusal(payloadBytes: number): Failure | undefined {
    const { bytesMax } = this.#limits;
    if (this.#bytes + payloadBytes <= bytesMax || this.size === 0) return undefined;
    const held = `${this.#bytes} bytes held and ${payloadBytes} more, limit ${bytesMax}`;
    return new Failure("resource-exhausted", `too many requests: ${held}`, {
      retryAfterMs: retryBytesMs,
    });
  }

  add(exchange: Exchange): void {
    const { payloadBytes } = exchange;
    const { retainedBytesMax, retainedBytesTotalMax } = this.#limits;
    this.#bytes += payloadBytes;
    const isKept =
      payloadBytes <= retainedBytesMax &&
      this.#retainedBytes + payloadBytes <= retainedBytesTotalMax;
    if (isKept && !exchange.isBulk) this.#retainedBytes += payloadBytes;
    exchange.isRetained = isKept || exchange.isBulk;
    this.#deadlines.add(exchange);
    this.#arm();
  }

  delete(exchange: Exchange): void {
    if (exchange.livePlace === -1) return;
    this.#deadlines.delete(exchange);
    this.#bytes -= exchange.payloadBytes;
    if (exchange.isRetained && !exchange.isBulk) this.#retainedBytes -= exchange.payloadBytes;
    if (this.size > 0) return;
    this.#alarm.clear();
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Resolves when nothing is under way, or when the signal aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    if (this.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  #arm(): void {
    const { first } = this.#deadlines;
    if (first !== undefined) this.#alarm.setAt(dueMsOf(first));
  }

  #expireDue(): void {
    const nowMs = monotonicMs();
    for (;;) {
      const { first } = this.#deadlines;
      if (first === undefined || dueMsOf(first) > nowMs) break;
      const isWithWorker = currentAttempt(first) !== undefined;
      // The time to wait is over, but it waits no more: only the deadline itself counts now.
      if (isWithWorker && first.deadlineMs > nowMs) {
        first.queueUntilMs = Number.POSITIVE_INFINITY;
        this.#deadlines.moved(first);
      } else this.#onExpired(first);
    }
    this.#arm();
  }
}

function dueMsOf({ deadlineMs, queueUntilMs }: Exchange): number {
  return Math.min(deadlineMs, queueUntilMs);
}
