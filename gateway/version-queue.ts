import { levelOf } from "#core/batching/priority.ts";
import { type HeapOptions, PlacedHeap } from "#core/limits/placed-heap.ts";
import { ServiceRate } from "#core/limits/service-rate.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import type { Exchange } from "./exchange.ts";
import type { LinkSession } from "./link-session.ts";

type Urgency = Pick<Exchange, "level" | "deadlineMs">;

const byUrgency: HeapOptions<Exchange> = {
  isBefore,
  placeOf: (exchange) => exchange.queuePlace,
  setPlace: (exchange, place) => {
    exchange.queuePlace = place;
  },
};

/**
 * Requests for one model version that wait for a worker: by level of priority, and within a level
 * the one whose deadline comes first ahead. Those that were being run by a worker that was lost
 * wait apart: they may only be tried where another replica goes on serving.
 */
export class VersionQueue {
  readonly ref: ModelRef;
  /** How fast its workers answer while requests wait here. */
  readonly rate: ServiceRate = new ServiceRate();
  /** The worker that was given something last. */
  latest: LinkSession | undefined;
  readonly #ordinary = new PlacedHeap<Exchange>(byUrgency);
  readonly #suspects = new PlacedHeap<Exchange>(byUrgency);
  /** No ordinary request that waits is less urgent than this, as long as there are any. */
  #last: Urgency = { level: 0, deadlineMs: 0 };
  readonly #priorityLevels: () => number;

  /** `priorityLevels`: those of the model, as far as they are known by now. */
  constructor(ref: ModelRef, priorityLevels: () => number) {
    this.ref = ref;
    this.#priorityLevels = priorityLevels;
  }

  get name(): string {
    return formatRef(this.ref);
  }

  get size(): number {
    return this.#ordinary.size + this.#suspects.size;
  }

  get first(): Exchange | undefined {
    return this.#ordinary.first;
  }

  get firstSuspect(): Exchange | undefined {
    return this.#suspects.first;
  }

  add(exchange: Exchange): void {
    exchange.level = levelOf(exchange.priority, this.#priorityLevels());
    if (!exchange.isSuspect && (this.#ordinary.size === 0 || isBefore(this.#last, exchange))) {
      this.#last = { level: exchange.level, deadlineMs: exchange.deadlineMs };
    }
    this.#heapOf(exchange).add(exchange);
  }

  /** False when it was not here. */
  delete(exchange: Exchange): boolean {
    if (exchange.queuePlace === -1) return false;
    this.#heapOf(exchange).delete(exchange);
    return true;
  }

  /**
   * How many are served before one that is not here yet. Where all callers allow as much time that
   * is all of them, which needs no counting.
   */
  ahead(exchange: Exchange): number {
    exchange.level = levelOf(exchange.priority, this.#priorityLevels());
    if (!isBefore(exchange, this.#last)) return this.#ordinary.size;
    return this.#ordinary.countUpTo(exchange);
  }

  /** Those that do not depend on another replica, in no order. */
  ordinary(): readonly Exchange[] {
    return [...this.#ordinary.items];
  }

  suspects(): readonly Exchange[] {
    return [...this.#suspects.items];
  }

  #heapOf(exchange: Exchange): PlacedHeap<Exchange> {
    return exchange.isSuspect ? this.#suspects : this.#ordinary;
  }
}

function isBefore(one: Urgency, other: Urgency): boolean {
  if (one.level !== other.level) return one.level < other.level;
  return one.deadlineMs < other.deadlineMs;
}
