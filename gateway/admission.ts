import { createHash } from "node:crypto";
import { Failure } from "#core/failure.ts";
import { Quarantine } from "#core/limits/quarantine.ts";
import { tooLong } from "#core/limits/queue-wait.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { GatewayEvents } from "./events.ts";
import type { Exchange } from "./exchange.ts";
import type { LinkSession } from "./link-session.ts";
import type { Links } from "./links.ts";
import type { LiveExchanges } from "./live-exchanges.ts";
import type { VersionQueue } from "./version-queue.ts";

export type AdmissionOptions = {
  /** Requests of one version that may wait, where its model does not say. */
  readonly queueRequestsMax: number;
};

/** A full queue of a model with a run of some milliseconds has moved on by then. */
const retryFullMs = 100;
/** Inputs that brought two workers down. */
const quarantine = { countMax: 1_024, durationMs: 600_000 };

/** Decides at once whether a request is taken. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #links: Links;
  readonly #live: LiveExchanges;
  readonly #events: GatewayEvents;
  readonly #quarantine = new Quarantine(quarantine);

  constructor(
    options: AdmissionOptions,
    modules: {
      readonly links: Links;
      readonly live: LiveExchanges;
      readonly events: GatewayEvents;
    },
  ) {
    this.#options = options;
    this.#links = modules.links;
    this.#live = modules.live;
    this.#events = modules.events;
  }

  /** Why the request is not taken; undefined when it is. */
  refusal(queue: VersionQueue, exchange: Exchange): Failure | undefined {
    // Bulk items are admitted with their streams, and wait where there is no room.
    const crowd = exchange.isBulk ? undefined : this.#crowd(queue, exchange);
    if (crowd !== undefined) return crowd;
    const harm = this.#harm(exchange);
    return harm === undefined ? undefined : this.#refused("quarantined", harm);
  }

  /** This very input is refused for ten minutes: a second worker was lost while it ran it alone. */
  quarantine(exchange: Exchange): void {
    this.#quarantine.add(hashOf(exchange), monotonicMs());
  }

  #crowd(queue: VersionQueue, exchange: Exchange): Failure | undefined {
    const full = this.#fullness(queue);
    if (full !== undefined) return this.#refused("queue_full", full);
    const late = this.#lateness(queue, exchange);
    if (late !== undefined) return this.#refused("queue_wait", late);
    const bytes = this.#live.refusal(exchange.payloadBytes);
    return bytes === undefined ? undefined : this.#refused("bytes", bytes);
  }

  #fullness(queue: VersionQueue): Failure | undefined {
    const batching = this.#links.known(queue.ref)?.description.batching;
    const limit = batching?.queueRowsMax || this.#options.queueRequestsMax;
    if (queue.size < limit) return undefined;
    const message = `queue of ${queue.name} full: ${queue.size} waiting, limit ${limit}`;
    return new Failure("resource-exhausted", message, { retryAfterMs: retryFullMs });
  }

  /** What could not be answered in time is refused while its caller can still go elsewhere. */
  #lateness(queue: VersionQueue, exchange: Exchange): Failure | undefined {
    const { deadlineMs, queueUntilMs } = exchange;
    const { arrivedMs } = exchange.request;
    const ready = this.#links.ready(queue.ref);
    let inFlight = 0;
    for (const session of ready) inFlight += session.inFlight - session.bulkInFlight;
    // Where nothing is under way nobody waits.
    const perMs = inFlight === 0 ? undefined : this.#perMs(queue, ready);
    if (perMs === undefined) return undefined;
    const leftMs = Math.min(deadlineMs, queueUntilMs) - arrivedMs;
    // Counting those that go before it is more work, so only where it may matter.
    const all = { ahead: queue.size + inFlight, perMs, leftMs };
    if (tooLong(all) === undefined) return undefined;
    const late = tooLong({ ...all, ahead: queue.ahead(exchange) + inFlight });
    if (late === undefined) return undefined;
    const [waitMs, maxMs] = [Math.ceil(late.waitMs), Math.floor(late.waitMsMax)];
    const message = `would wait ${waitMs} ms for a worker of ${queue.name}, limit ${maxMs} ms`;
    const { retryAfterMs } = late;
    return new Failure("resource-exhausted", message, { retryAfterMs });
  }

  /** Requests a millisecond that workers answer: what they tell, and no more than was seen. */
  #perMs(queue: VersionQueue, ready: readonly LinkSession[]): number | undefined {
    const description = this.#links.known(queue.ref)?.description;
    const rows = description?.batching?.enabled === true ? description.batching.rowsMax : 1;
    const rowsAtATime = rows * Math.max(1, description?.instances ?? 1);
    let told = 0;
    for (const { pace } of ready) told += pace.perMs(rowsAtATime) ?? Number.POSITIVE_INFINITY;
    const seen = queue.rate.perMs(ready.length) ?? Number.POSITIVE_INFINITY;
    const perMs = Math.min(told, seen);
    return perMs === Number.POSITIVE_INFINITY ? undefined : perMs;
  }

  #harm(exchange: Exchange): Failure | undefined {
    const nowMs = exchange.request.arrivedMs;
    if (!this.#quarantine.isAny(nowMs)) return undefined;
    const leftMs = this.#quarantine.leftMs(hashOf(exchange), nowMs);
    if (leftMs === 0) return undefined;
    const seconds = Math.ceil(leftMs / 1_000);
    const message = `two workers were lost over this input: refused for another ${seconds} s`;
    return new Failure("internal", message);
  }

  #refused(reason: string, failure: Failure): Failure {
    this.#events.refused(reason);
    return failure;
  }
}

function hashOf({ ref, payload }: Exchange): string {
  const hash = createHash("sha256").update(`${ref.model}@${ref.version}\n`);
  return hash.update(payload).digest("base64");
}
