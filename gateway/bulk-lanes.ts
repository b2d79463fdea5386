/**
 * Items of bulk streams on their way to the dispatcher, a lane for each model version.
 *
 * 1. A lane lets a few items of all streams together be under way: enough to keep the workers busy,
 *    and far from filling their credit or the queue that online requests wait in. Streams take
 *    turns.
 * 2. An item that nobody has started when its worker goes returns to its place in its stream.
 *    While no replica is ready items wait, for a limited time.
 * 3. A stream whose client does not take its answers begins nothing more.
 */
import { Failure } from "#core/failure.ts";
import { formatRef, type ModelRef } from "#core/model/name.ts";
import { notReady } from "#core/routing/choose-version.ts";
import { findVersion, versionState } from "#core/routing/table.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { BulkForm } from "#wire/bulk/request.ts";
import { mayTryAgain } from "./after-loss.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Attempt, Exchange, Outcome } from "./exchange.ts";
import type { Links } from "./links.ts";
import type { PredictionRequest } from "./request.ts";

/** One item, from its arrival to its answer. */
export type BulkWork = {
  readonly owner: BulkOwner;
  readonly number: number;
  readonly form: BulkForm;
  readonly payload: Uint8Array;
  /** On the monotonic clock; Infinity where the call has none. */
  readonly deadlineMs: number;
  readonly request: PredictionRequest;
  /** Of all exchanges it was in. */
  readonly attempts: Attempt[];
  /** Since when it waits to be begun, on the monotonic clock. */
  waitsSinceMs: number;
};

/** A stream. */
export type BulkOwner = {
  /** Whether there is room for one more answer. */
  mayBegin(work: BulkWork): boolean;
  /** Whether an item that nobody could begin is to wait for another chance; else it ends. */
  readonly isPatient: boolean;
  /** Called once for each item that is neither dropped nor cancelled. */
  onEnded(work: BulkWork, outcome: Outcome): void;
};

export type BulkLanesOptions = {
  /** How long items wait while no replica of their version is ready. */
  readonly waitMaxMs: number;
};

type LaneLinks = Pick<Links, "ready" | "known" | "table">;
type LaneDispatcher = Pick<Dispatcher, "submit" | "cancel">;

/** For each replica; a share of the requests it grants credit for, where that is less. */
const itemsMaxPerReplica = 16;
const itemsMinPerReplica = 2;
const creditShare = 0.25;
const bytesMaxPerReplica = 16 * 1024 * 1024;
/**
 * How long an item may be under way where the call has no deadline: later than any request that
 * somebody waits for, so that those go first.
 */
const itemMsMax = 3_600_000;

export class BulkLanes {
  readonly #options: BulkLanesOptions;
  readonly #links: Links;
  readonly #dispatcher: Dispatcher;
  readonly #lanes = new Map<string, BulkLane>();

  constructor(
    options: BulkLanesOptions,
    modules: { readonly links: Links; readonly dispatcher: Dispatcher },
  ) {
    this.#options = options;
    this.#links = modules.links;
    this.#dispatcher = modules.dispatcher;
    this.#links.listen({ onTable: (ref) => this.#lanes.get(formatRef(ref))?.pump() });
  }

  /** The lane of a version, which its streams share. */
  of(ref: ModelRef): BulkLane {
    const name = formatRef(ref);
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      const modules = { links: this.#links, dispatcher: this.#dispatcher };
      lane = new BulkLane(ref, this.#options, modules);
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}

export class BulkLane {
  readonly ref: ModelRef;
  readonly #waitMaxMs: number;
  readonly #links: LaneLinks;
  readonly #dispatcher: LaneDispatcher;
  /** What waits, by stream, in the order of the numbers; the first one has the next turn. */
  readonly #waiting = new Map<BulkOwner, BulkWork[]>();
  readonly #begun = new Map<BulkWork, Exchange>();
  #bytes = 0;
  /** Since when no replica is ready; undefined while one is. */
  #unservedSinceMs: number | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(
    ref: ModelRef,
    { waitMaxMs }: BulkLanesOptions,
    modules: { readonly links: LaneLinks; readonly dispatcher: LaneDispatcher },
  ) {
    this.ref = ref;
    this.#waitMaxMs = waitMaxMs;
    this.#links = modules.links;
    this.#dispatcher = modules.dispatcher;
  }

  add(work: BulkWork): void {
    const queue = this.#waiting.get(work.owner);
    if (queue === undefined) this.#waiting.set(work.owner, [work]);
    else queue.push(work);
    this.pump();
  }

  /** Forgets what waits of a stream. */
  drop(owner: BulkOwner): void {
    this.#waiting.delete(owner);
    if (this.#waiting.size === 0) this.#calm();
  }

  /** Forgets all of a stream; what is under way is taken back from the workers. */
  cancel(owner: BulkOwner, failure: Failure): void {
    this.drop(owner);
    const exchanges = [...this.#begun].filter(([work]) => work.owner === owner);
    for (const [work, exchange] of exchanges) {
      this.#forget(work, exchange);
      this.#dispatcher.cancel(exchange, failure);
    }
    this.pump();
  }

  /** How many items of a stream are under way. */
  begunOf(owner: BulkOwner): number {
    let count = 0;
    for (const { owner: other } of this.#begun.keys()) if (other === owner) count += 1;
    return count;
  }

  /** Begins what may be begun now. Call when that may have changed. */
  pump(): void {
    const replicas = this.#links.ready(this.ref).length;
    if (replicas === 0) {
      this.#unservedSinceMs ??= monotonicMs();
      this.#losePatience(this.#unservedSinceMs);
      return;
    }
    this.#unservedSinceMs = undefined;
    this.#calm();
    const itemsMax = replicas * this.#itemsPerReplica();
    const bytesMax = replicas * bytesMaxPerReplica;
    while (this.#begun.size < itemsMax && (this.#bytes < bytesMax || this.#begun.size === 0)) {
      const work = this.#take();
      if (work === undefined) return;
      this.#begin(work);
    }
  }

  #itemsPerReplica(): number {
    const { batching, instances = 1 } = this.#links.known(this.ref)?.description ?? {};
    const rows = batching?.enabled === true ? Math.max(1, batching.rowsMax) : 1;
    const granted = 2 * rows * Math.max(1, instances);
    return Math.min(itemsMaxPerReplica, Math.max(itemsMinPerReplica, granted * creditShare));
  }

  /** The next item of the stream whose turn it is. */
  #take(): BulkWork | undefined {
    for (const [owner, queue] of this.#waiting) {
      const [work] = queue;
      if (work === undefined || !owner.mayBegin(work)) continue;
      queue.shift();
      this.#waiting.delete(owner);
      if (queue.length > 0) this.#waiting.set(owner, queue);
      return work;
    }
    return undefined;
  }

  #begin(work: BulkWork): void {
    const nowMs = monotonicMs();
    const { request, form, payload, attempts } = work;
    const exchange: Exchange = {
      request,
      owner: { ended: (outcome) => this.#end(work, exchange, outcome) },
      method: form === "columns" ? "Predict" : "ModelInfer",
      ref: this.ref,
      deadlineMs: Math.min(work.deadlineMs, nowMs + itemMsMax),
      queueUntilMs: Number.POSITIVE_INFINITY,
      payloadBytes: payload.byteLength,
      payload,
      priority: 0,
      isBulk: true,
      isRetained: false,
      isSuspect: false,
      level: 0,
      queuePlace: -1,
      livePlace: -1,
      isEnded: false,
      attempts,
    };
    request.exchange = exchange;
    this.#begun.set(work, exchange);
    this.#bytes += payload.byteLength;
    this.#dispatcher.submit(exchange);
  }

  #end(work: BulkWork, exchange: Exchange, outcome: Outcome): void {
    if (!this.#forget(work, exchange)) return;
    if (work.owner.isPatient && mayReturn(exchange, outcome)) this.#return(work);
    else work.owner.onEnded(work, outcome);
    this.pump();
  }

  /** False where it is no longer wanted. */
  #forget(work: BulkWork, exchange: Exchange): boolean {
    if (!this.#begun.delete(work)) return false;
    this.#bytes -= exchange.payloadBytes;
    return true;
  }

  /** To its place: items come back in any order, and a full stream may begin only its first. */
  #return(work: BulkWork): void {
    const queue = this.#waiting.get(work.owner) ?? [];
    const after = queue.findIndex(({ number }) => number > work.number);
    queue.splice(after === -1 ? queue.length : after, 0, work);
    work.waitsSinceMs = monotonicMs();
    this.#waiting.set(work.owner, queue);
  }

  /** Sees to the item that has waited longest, of the time that no replica was ready. */
  #losePatience(unservedSinceMs: number): void {
    if (this.#patience !== undefined || this.#waiting.size === 0) return;
    let firstMs = Number.POSITIVE_INFINITY;
    for (const queue of this.#waiting.values()) {
      for (const { waitsSinceMs } of queue) firstMs = Math.min(firstMs, waitsSinceMs);
    }
    const dueMs = Math.max(firstMs, unservedSinceMs) + this.#waitMaxMs;
    const leftMs = Math.max(0, Math.ceil(dueMs - monotonicMs()));
    this.#patience = setTimeout(() => this.#giveUp(unservedSinceMs), leftMs);
  }

  #calm(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }

  #giveUp(unservedSinceMs: number): void {
    this.#patience = undefined;
    const entry = findVersion(this.#links.table, this.ref);
    const failure =
      entry === undefined
        ? new Failure("unavailable", `${formatRef(this.ref)} is served no more`)
        : notReady(entry, versionState(entry).reason);
    for (const work of this.#takeDue(unservedSinceMs)) {
      work.owner.onEnded(work, { kind: "failure", failure, reply: undefined });
    }
    this.pump();
  }

  /** What has waited for as long as it may. */
  #takeDue(unservedSinceMs: number): BulkWork[] {
    const sinceMs = monotonicMs() - this.#waitMaxMs;
    const due: BulkWork[] = [];
    if (unservedSinceMs > sinceMs) return due;
    for (const [owner, queue] of this.#waiting) {
      const rest = queue.filter((work) => work.waitsSinceMs > sinceMs);
      if (rest.length === queue.length) continue;
      due.push(...queue.filter((work) => work.waitsSinceMs <= sinceMs));
      if (rest.length > 0) this.#waiting.set(owner, rest);
      else this.#waiting.delete(owner);
    }
    return due;
  }
}

/** Whether an item ended only because nobody could begin it, and its bytes are all there. */
function mayReturn(exchange: Exchange, outcome: Outcome): boolean {
  if (outcome.kind === "reply" || outcome.failure.code !== "unavailable") return false;
  return exchange.attempts.at(-1)?.isStarted !== true && mayTryAgain(exchange);
}
