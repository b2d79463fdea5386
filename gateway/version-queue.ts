import { levelOf } from "#core/batching/priority.ts";
import { DeadlineHeap } from "#core/limits/deadline-heap.ts";
import { ServiceRate } from "#core/limits/service-rate.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import type { Exchange } from "./exchange.ts";

/** Further apart than any deadlines are. */
const levelMs = 1e12;

/**
 * Requests for one model version that wait for a worker: by level of priority, and within a level
 * the one whose deadline comes first ahead. Those that were being run by a worker that was lost
 * wait apart: they may only be tried where another replica goes on serving.
 */
export class VersionQueue {
  readonly ref: ModelRef;
  /** How fast its workers answer while requests wait here. */
  readonly rate: ServiceRate = new ServiceRate();
  readonly #ordinary = new DeadlineHeap<Exchange>();
  readonly #suspects = new DeadlineHeap<Exchange>();

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
    this.#heapOf(exchange).set(exchange, dueOf(exchange, this.#priorityLevels()));
  }

  /** False when it was not here. */
  delete(exchange: Exchange): boolean {
    return this.#heapOf(exchange).delete(exchange);
  }

  /** How many are served before one that is not here yet. */
  ahead(exchange: Exchange): number {
    const levels = this.#priorityLevels();
    const due = dueOf(exchange, levels);
    let count = 0;
    for (const waiting of this.#ordinary.values()) {
      if (dueOf(waiting, levels) <= due) count += 1;
    }
    return count;
  }

  /** Those that do not depend on another replica, in no order. */
  ordinary(): readonly Exchange[] {
    return [...this.#ordinary.values()];
  }

  suspects(): readonly Exchange[] {
    return [...this.#suspects.values()];
  }

  #heapOf(exchange: Exchange): DeadlineHeap<Exchange> {
    return exchange.isSuspect ? this.#suspects : this.#ordinary;
  }
}

function dueOf({ priority, deadlineMs }: Exchange, priorityLevels: number): number {
  return levelOf(priority, priorityLevels) * levelMs + Math.min(deadlineMs, levelMs - 1);
}
