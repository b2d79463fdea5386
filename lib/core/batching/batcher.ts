/**
 * Forms batches. Requests wait in one queue for each key, and only those of one key run together.
 *
 * 1. A queue is in order of level, within a level of deadline, and among equals of arrival.
 * 2. `next` looks at the queues that may close in the order of their first requests; when one
 *    closes is decided in `form-batch.ts`. Those that cannot close yet are kept apart, in the order
 *    of when they have to be looked at again.
 * 3. A level waits while there is work of a more urgent one, as long as its deadlines allow: there
 *    is no ageing. Without levels no request is overtaken for ever that has a deadline.
 *
 * Every step is O(log n) for each request it concerns.
 */
import { assert } from "../assert.ts";
import { PlacedHeap } from "../limits/placed-heap.ts";
import { type ClosedBy, closeMs, type FormingOptions, formBatch } from "./form-batch.ts";
import { byCheck, byExpiry, byHead, KeyQueue, type Offer, type Waiting } from "./key-queue.ts";
import { levelOf } from "./priority.ts";
import type { RunTimes } from "./run-times.ts";

export type { ClosedBy } from "./form-batch.ts";
export type { Offer, Waiting } from "./key-queue.ts";

export type BatcherOptions = FormingOptions & {
  /** Rows that may wait; 0 for as many as come. A single request is taken whatever its size. */
  readonly queueRowsMax: number;
  /** How long a request may wait; 0 for as long as its deadline allows. */
  readonly queueTimeoutMs: number;
  /** How many levels of priority there are; 0 for none. */
  readonly priorityLevels: number;
};

/**
 * `deadline`: it has passed. `too-late`: it would pass during the run. `timeout`: the request has
 * waited as long as it may.
 */
export type Expired<T> = {
  readonly value: T;
  readonly reason: "deadline" | "too-late" | "timeout";
};

export type Batch<T> = {
  readonly key: string;
  readonly members: readonly Offer<T>[];
  readonly rows: number;
  readonly closedBy: ClosedBy;
};

/** Each with the requests that expired before anything could be done for them. */
export type Next<T> = { readonly expired: readonly Expired<T>[] } & (
  | { readonly kind: "batch"; readonly batch: Batch<T> }
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "idle" }
);

/** Keys whose run times are remembered while nothing of theirs waits. */
const keysIdleMax = 64;

export class Batcher<T> {
  readonly #options: BatcherOptions;
  readonly #preferredMin: number;
  readonly #queues = new Map<string, KeyQueue<T>>();
  /** Of `#queues`, the one that has been empty longest first. */
  readonly #empty = new Set<KeyQueue<T>>();
  /** Queues that may close, by their first requests. */
  readonly #ready = new PlacedHeap<KeyQueue<T>>(byHead());
  /** Queues that wait, by when to look at them. */
  readonly #held = new PlacedHeap<KeyQueue<T>>(byCheck());
  /** Queues in which something expires, by when. */
  readonly #expiring = new PlacedHeap<KeyQueue<T>>(byExpiry());
  #waiting = 0;
  #rows = 0;
  #sequence = 0;
  #lastTimes: RunTimes | undefined;

  constructor(options: BatcherOptions) {
    assert(options.rowsMax >= 1, "a batch holds at least one row");
    this.#options = options;
    this.#preferredMin = Math.min(...options.rowsPreferred);
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Rows that wait. */
  get waitingRows(): number {
    return this.#rows;
  }

  /** When the next request may expire; Infinity where none does. */
  get expiresMs(): number {
    return this.#expiring.first?.expiresMs ?? Number.POSITIVE_INFINITY;
  }

  /** Whether a request of so many rows may wait; `queuedRows` are those that leave less room. */
  hasRoom(rows: number, queuedRows: number = this.#rows): boolean {
    const { queueRowsMax } = this.#options;
    if (queueRowsMax <= 0 || queuedRows === 0) return true;
    return queuedRows + weight({ rows }) <= queueRowsMax;
  }

  /**
   * Queues a request, also where there is no room for it: whoever admits requests asks `hasRoom`
   * first. What it gives is to cancel it by.
   */
  offer(offer: Offer<T>, now: number): Waiting<T> {
    const queue = this.#queueOf(offer.key);
    this.#sequence += 1;
    const waiting: Waiting<T> = {
      offer,
      queue,
      level: levelOf(offer.priority, this.#options.priorityLevels),
      sequence: this.#sequence,
      deadlineMs: offer.deadlineMs,
      arrivedMs: now,
      hasLeft: false,
      place: -1,
    };
    queue.add(waiting);
    this.#waiting += 1;
    this.#rows += weight(offer);
    this.#settle(queue, now);
    return waiting;
  }

  /** Takes a request out; false where it does not wait (any more). */
  cancel(waiting: Waiting<T>, now: number): boolean {
    if (waiting.hasLeft) return false;
    this.#drop(waiting);
    this.#settle(waiting.queue, now);
    return true;
  }

  /** Takes out the requests whose time has come. */
  expire(now: number): Expired<T>[] {
    const expired: Expired<T>[] = [];
    for (let { first } = this.#expiring; first !== undefined; first = this.#expiring.first) {
      if (first.expiresMs > now) break;
      for (;;) {
        const waiting = first.firstTooLate(now) ?? this.#firstOverdue(first, now);
        if (waiting === undefined) break;
        expired.push(this.#toExpired(waiting, now));
        this.#drop(waiting);
      }
      this.#settle(first, now);
    }
    return expired;
  }

  /** Decides what to run now. A batch that is returned no longer waits. */
  next(now: number): Next<T> {
    const expired = this.expire(now);
    for (;;) {
      const due = this.#held.first;
      if (due === undefined || due.checkMs > now) break;
      this.#move(due, this.#ready);
    }
    for (let { first } = this.#ready; first !== undefined; first = this.#ready.first) {
      const formed = formBatch(first, this.#options, now);
      for (const waiting of formed.expired) {
        expired.push(this.#toExpired(waiting, now));
        this.#drop(waiting);
      }
      if (formed.kind === "closed") return { ...this.#close(first, formed, now), expired };
      if (formed.kind === "open") first.checkMs = formed.untilMs;
      this.#move(first, formed.kind === "open" ? this.#held : undefined);
      this.#settleExpiry(first, now);
    }
    if (this.#waiting === 0) return { kind: "idle", expired };
    const untilMs = Math.min(this.expiresMs, this.#held.first?.checkMs ?? this.expiresMs);
    return { kind: "wait", untilMs, expired };
  }

  /** Learns from a batch that has run. */
  ran({ key, rows }: Pick<Batch<T>, "key" | "rows">, runMs: number, now: number): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    queue.times.add(rows, runMs, now);
    this.#lastTimes = queue.times;
    if (queue.size > 0) this.#settle(queue, now);
  }

  /** What a full batch would take now, of the kind that ran last; 0 where nothing has run. */
  fullRunMs(now: number): number {
    const { rowsMax, together } = this.#options;
    return this.#lastTimes?.currentMs(together ? rowsMax : 1, now) ?? 0;
  }

  #close(
    queue: KeyQueue<T>,
    { members, closedBy }: { readonly members: readonly Waiting<T>[]; readonly closedBy: ClosedBy },
    now: number,
  ) {
    let rows = 0;
    for (const waiting of members) {
      rows += waiting.offer.rows;
      this.#drop(waiting);
    }
    this.#settle(queue, now);
    const offers = members.map(({ offer }) => offer);
    return { kind: "batch" as const, batch: { key: queue.key, members: offers, rows, closedBy } };
  }

  #queueOf(key: string): KeyQueue<T> {
    const known = this.#queues.get(key);
    if (known !== undefined) return known;
    const { queueDelayMs, queueTimeoutMs } = this.#options;
    const queue = new KeyQueue<T>(key, queueDelayMs > 0 || queueTimeoutMs > 0);
    this.#queues.set(key, queue);
    return queue;
  }

  #drop(waiting: Waiting<T>): void {
    waiting.queue.drop(waiting);
    this.#waiting -= 1;
    this.#rows -= weight(waiting.offer);
  }

  /** Finds a queue its place after something in it has changed. */
  #settle(queue: KeyQueue<T>, now: number): void {
    this.#settleExpiry(queue, now);
    const mayClose = queue.size > 0 && this.#mayClose(queue);
    if (mayClose && queue.home === this.#ready && queue.first === queue.head) return;
    queue.checkMs = mayClose ? now : closeMs(queue, this.#options, now);
    const home = mayClose ? this.#ready : this.#held;
    this.#move(queue, queue.size === 0 ? undefined : home);
  }

  #settleExpiry(queue: KeyQueue<T>, now: number): void {
    const expiresMs = Math.min(queue.latestStartMs(now), this.#timeoutMs(queue));
    if (expiresMs === queue.expiresMs) return;
    queue.expiresMs = expiresMs;
    if (expiresMs === Number.POSITIVE_INFINITY) this.#expiring.delete(queue);
    else if (queue.expiryPlace < 0) this.#expiring.add(queue);
    else this.#expiring.moved(queue);
  }

  /** When the oldest request of a queue has waited as long as it may. */
  #timeoutMs({ oldest }: KeyQueue<T>): number {
    return oldest === undefined ? Number.POSITIVE_INFINITY : this.#timeoutOf(oldest);
  }

  #timeoutOf({ arrivedMs }: Waiting<T>): number {
    const { queueTimeoutMs } = this.#options;
    return queueTimeoutMs > 0 ? arrivedMs + queueTimeoutMs : Number.POSITIVE_INFINITY;
  }

  #firstOverdue({ oldest }: KeyQueue<T>, now: number): Waiting<T> | undefined {
    return oldest !== undefined && this.#timeoutOf(oldest) <= now ? oldest : undefined;
  }

  #toExpired(waiting: Waiting<T>, now: number): Expired<T> {
    const { value } = waiting.offer;
    if (waiting.deadlineMs <= now) return { value, reason: "deadline" };
    return { value, reason: this.#timeoutOf(waiting) <= now ? "timeout" : "too-late" };
  }

  /** Whether it has to be looked at now: without that no queue that waits for its delay is. */
  #mayClose({ rows, alone }: KeyQueue<T>): boolean {
    const { rowsMax, queueDelayMs, together } = this.#options;
    const isLong = rows >= rowsMax || rows >= this.#preferredMin || alone > 0;
    return isLong || queueDelayMs <= 0 || !together;
  }

  #move(queue: KeyQueue<T>, home: PlacedHeap<KeyQueue<T>> | undefined): void {
    queue.home?.delete(queue);
    queue.home = home;
    queue.head = queue.first;
    home?.add(queue);
    if (queue.size > 0) {
      this.#empty.delete(queue);
      return;
    }
    this.#empty.add(queue);
    if (this.#empty.size <= keysIdleMax) return;
    for (const oldest of this.#empty) {
      this.#empty.delete(oldest);
      this.#queues.delete(oldest.key);
      break;
    }
  }
}

/** What a request counts against the bound: also one without rows takes a place. */
function weight(offer: { readonly rows: number }): number {
  return Math.max(1, offer.rows);
}
