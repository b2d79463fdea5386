import { DeadlineHeap } from "#core/limits/deadline-heap.ts";
import { ServiceRate } from "#core/limits/service-rate.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import type { Exchange } from "./exchange.ts";

/**
 * Requests for one model version that wait for a worker, the one whose deadline comes first
 * ahead. Those that were being run by a worker that was lost wait apart: they may only be tried
 * where another replica goes on serving.
 */
export class VersionQueue {
  readonly ref: ModelRef;
  /** How fast its workers answer while requests wait here. */
  readonly rate: ServiceRate = new ServiceRate();
  readonly #ordinary = new DeadlineHeap<Exchange>();
  readonly #suspects = new DeadlineHeap<Exchange>();

  constructor(ref: ModelRef) {
    this.ref = ref;
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
    this.#heapOf(exchange).set(exchange, exchange.deadlineMs);
  }

  /** False when it was not here. */
  delete(exchange: Exchange): boolean {
    return this.#heapOf(exchange).delete(exchange);
  }

  /** How many are served before one with this deadline. */
  ahead(deadlineMs: number): number {
    let count = 0;
    for (const waiting of this.#ordinary.values()) {
      if (waiting.deadlineMs <= deadlineMs) count += 1;
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
