/**
 * Forms batches. Requests wait in one queue for each key, and only those of one key run together.
 *
 * 1. A queue is in order of expiry, the earliest first; among equals, in order of arrival.
 * 2. `next` looks at the queues in the order of their first requests and takes the first that may
 *    close: it is full, reaches a preferred size, has waited its delay, or need not wait.
 * 3. A batch is the head of its queue. Nothing overtakes a request that did not fit or must run
 *    alone.
 */
import { assert } from "../assert.ts";

export type BatcherOptions = {
  readonly rowsMax: number;
  /** Sizes to close a batch at before it is full. */
  readonly rowsPreferred: readonly number[];
  /** How long an unfilled batch waits for more rows; 0 for not at all. */
  readonly queueDelayMs: number;
  /** Rows that may wait; 0 for as many as come. A single request is taken whatever its size. */
  readonly queueRowsMax: number;
  /** How long a request may wait; 0 for as long as its deadline allows. */
  readonly queueTimeoutMs: number;
  /** False where every request must run by itself. */
  readonly together: boolean;
};

export type Offer<T> = {
  /** Unique among the requests waiting. */
  readonly id: number;
  readonly key: string;
  readonly rows: number;
  /** Infinity for none. */
  readonly deadlineMs: number;
  /** Must share its batch with no other. */
  readonly alone: boolean;
  readonly value: T;
};

export type Expired<T> = { readonly value: T; readonly reason: "deadline" | "timeout" };

export type ClosedBy = "full" | "preferred" | "delay" | "idle" | "alone" | "unbatched";

export type Batch<T> = {
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

type Waiting<T> = {
  readonly offer: Offer<T>;
  readonly sequence: number;
  readonly arrivedMs: number;
  readonly expiresMs: number;
};

type Verdict =
  | { readonly count: number; readonly closedBy: ClosedBy }
  | { readonly untilMs: number };

export class Batcher<T> {
  readonly #options: BatcherOptions;
  readonly #queues = new Map<string, Waiting<T>[]>();
  readonly #byId = new Map<number, Waiting<T>>();
  #rows = 0;
  #sequence = 0;

  constructor(options: BatcherOptions) {
    assert(options.rowsMax >= 1, "a batch holds at least one row");
    this.#options = options;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#byId.size;
  }

  /** Rows that wait. */
  get waitingRows(): number {
    return this.#rows;
  }

  /** When the next request expires; Infinity where none does. */
  get expiresMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const [head] of this.#queues.values()) {
      earliest = Math.min(earliest, head?.expiresMs ?? earliest);
    }
    return earliest;
  }

  /** Whether a request of so many rows may wait. */
  hasRoom(rows: number): boolean {
    const { queueRowsMax } = this.#options;
    if (queueRowsMax <= 0 || this.#byId.size === 0) return true;
    return this.#rows + weight({ rows }) <= queueRowsMax;
  }

  /**
   * Queues a request, also where there is no room for it: whoever admits requests asks `hasRoom`
   * first.
   */
  offer(offer: Offer<T>, now: number): void {
    const { queueTimeoutMs } = this.#options;
    assert(!this.#byId.has(offer.id), `request ${offer.id} waits already`);
    const timeoutMs = queueTimeoutMs > 0 ? now + queueTimeoutMs : Number.POSITIVE_INFINITY;
    const expiresMs = Math.min(offer.deadlineMs, timeoutMs);
    this.#sequence += 1;
    this.#insert({ offer, sequence: this.#sequence, arrivedMs: now, expiresMs });
  }

  /** Takes a request out; undefined where it does not wait (any more). */
  cancel(id: number): T | undefined {
    const waiting = this.#byId.get(id);
    if (waiting === undefined) return undefined;
    const queue = this.#queues.get(waiting.offer.key);
    assert(queue !== undefined, "a waiting request has a queue");
    this.#remove(queue, queue.indexOf(waiting), 1);
    return waiting.offer.value;
  }

  /** Takes out every request whose time has come. */
  expire(now: number): Expired<T>[] {
    const expired: Expired<T>[] = [];
    for (const queue of [...this.#queues.values()]) {
      let count = 0;
      while ((queue[count]?.expiresMs ?? Number.POSITIVE_INFINITY) <= now) count += 1;
      for (const { offer } of this.#remove(queue, 0, count)) {
        const reason = offer.deadlineMs <= now ? "deadline" : "timeout";
        expired.push({ value: offer.value, reason });
      }
    }
    return expired;
  }

  /** Decides what to run now. A batch that is returned no longer waits. */
  next(now: number): Next<T> {
    const expired = this.expire(now);
    const queues = [...this.#queues.values()].sort((one, other) => compare(one[0], other[0]));
    if (queues.length === 0) return { kind: "idle", expired };
    let untilMs = this.expiresMs;
    for (const queue of queues) {
      const verdict = this.#judge(queue, now);
      if ("count" in verdict) {
        const members = this.#remove(queue, 0, verdict.count).map(({ offer }) => offer);
        const rows = members.reduce((sum, offer) => sum + offer.rows, 0);
        return { kind: "batch", batch: { members, rows, closedBy: verdict.closedBy }, expired };
      }
      untilMs = Math.min(untilMs, verdict.untilMs);
    }
    return { kind: "wait", untilMs, expired };
  }

  /** How many requests at the head of a queue run now, or until when they wait. */
  #judge(queue: readonly Waiting<T>[], now: number): Verdict {
    const { rowsMax, rowsPreferred, queueDelayMs, together } = this.#options;
    if (!together) return { count: 1, closedBy: "unbatched" };
    if (queue[0]?.offer.alone) return { count: 1, closedBy: "alone" };
    let count = 0;
    let rows = 0;
    let preferred = 0;
    for (const { offer } of queue) {
      if (count > 0 && (offer.alone || rows + offer.rows > rowsMax)) break;
      count += 1;
      rows += offer.rows;
      if (rowsPreferred.includes(rows)) preferred = count;
    }
    if (rows >= rowsMax || count < queue.length) return { count, closedBy: "full" };
    if (preferred > 0) return { count: preferred, closedBy: "preferred" };
    if (queueDelayMs <= 0) return { count, closedBy: "idle" };
    const oldestMs = queue.reduce((oldest, { arrivedMs }) => Math.min(oldest, arrivedMs), now);
    if (oldestMs + queueDelayMs <= now) return { count, closedBy: "delay" };
    return { untilMs: oldestMs + queueDelayMs };
  }

  #insert(waiting: Waiting<T>): void {
    const { key, id } = waiting.offer;
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = [];
      this.#queues.set(key, queue);
    }
    // Requests with like deadlines arrive in order, so the place is nearly always the end.
    let place = queue.length;
    while (place > 0 && compare(queue[place - 1], waiting) > 0) place -= 1;
    queue.splice(place, 0, waiting);
    this.#byId.set(id, waiting);
    this.#rows += weight(waiting.offer);
  }

  #remove(queue: Waiting<T>[], from: number, count: number): Waiting<T>[] {
    const removed = queue.splice(from, count);
    for (const { offer } of removed) {
      this.#byId.delete(offer.id);
      this.#rows -= weight(offer);
      if (queue.length === 0) this.#queues.delete(offer.key);
    }
    return removed;
  }
}

/** What a request counts against the bound: also one without rows takes a place. */
function weight(offer: { readonly rows: number }): number {
  return Math.max(1, offer.rows);
}

type Place = { readonly expiresMs: number; readonly sequence: number };

function compare(one: Place | undefined, other: Place | undefined): number {
  assert(one !== undefined && other !== undefined, "empty queues are not kept");
  if (one.expiresMs !== other.expiresMs) return one.expiresMs < other.expiresMs ? -1 : 1;
  return one.sequence - other.sequence;
}
