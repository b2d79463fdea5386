import { assert } from "../assert.ts";
import { type HeapOptions, PlacedHeap } from "../limits/placed-heap.ts";
import { RunTimes } from "./run-times.ts";

export type Offer<T> = {
  readonly key: string;
  readonly rows: number;
  /** Infinity for none. */
  readonly deadlineMs: number;
  /** 1 is the most urgent; 0 for the default. */
  readonly priority: number;
  /** Must share its batch with no other. */
  readonly alone: boolean;
  readonly value: T;
};

/** A request in its queue. */
export type Waiting<T> = {
  readonly offer: Offer<T>;
  readonly queue: KeyQueue<T>;
  readonly level: number;
  readonly sequence: number;
  /** That of the offer. */
  readonly deadlineMs: number;
  readonly arrivedMs: number;
  /** True once it waits no more. */
  hasLeft: boolean;
  /** In the heap of its level. */
  place: number;
};

/**
 * The requests of one key that wait: by level, within a level by deadline, and among equals in the
 * order they came.
 */
export class KeyQueue<T> {
  readonly key: string;
  readonly times: RunTimes = new RunTimes();
  /** Together, of what waits. */
  rows = 0;
  size = 0;
  /** How many of them must be alone in their batch. */
  alone = 0;
  /** Kept by the batcher: which heap it is in, its place there, and what that place is due to. */
  home: PlacedHeap<KeyQueue<T>> | undefined;
  place = -1;
  head: Waiting<T> | undefined;
  checkMs = 0;
  /** The same for when to look whether something has expired. */
  expiresMs: number = Number.POSITIVE_INFINITY;
  expiryPlace = -1;
  readonly #levels: PlacedHeap<Waiting<T>>[] = [];
  readonly #arrivals: Waiting<T>[] | undefined;
  #oldest = 0;

  /** `keepsArrivals` where the oldest will be asked for. */
  constructor(key: string, keepsArrivals: boolean) {
    this.key = key;
    this.#arrivals = keepsArrivals ? [] : undefined;
  }

  get first(): Waiting<T> | undefined {
    for (const level of this.#levels) {
      if (level.first !== undefined) return level.first;
    }
    return undefined;
  }

  /** The earliest deadline; Infinity where there is none. */
  get urgentMs(): number {
    let urgentMs = Number.POSITIVE_INFINITY;
    for (const { first } of this.#levels) {
      if (first !== undefined) urgentMs = Math.min(urgentMs, first.deadlineMs);
    }
    return urgentMs;
  }

  /** The one that has waited longest. */
  get oldest(): Waiting<T> | undefined {
    const arrivals = this.#arrivals;
    if (arrivals === undefined) return undefined;
    while (arrivals[this.#oldest]?.hasLeft === true) this.#oldest += 1;
    return arrivals[this.#oldest];
  }

  /** When it came; Infinity where nothing waits. */
  get oldestMs(): number {
    return this.oldest?.arrivedMs ?? Number.POSITIVE_INFINITY;
  }

  /** When the first of any level has to have started; Infinity where nothing has a deadline. */
  latestStartMs(now: number): number {
    let latestMs = Number.POSITIVE_INFINITY;
    for (const { first } of this.#levels) {
      if (first !== undefined) latestMs = Math.min(latestMs, latestStartMs(first, now));
    }
    return latestMs;
  }

  /** The first of a level that would miss its deadline even if it ran now. */
  firstTooLate(now: number): Waiting<T> | undefined {
    for (const { first } of this.#levels) {
      if (first !== undefined && latestStartMs(first, now) <= now) return first;
    }
    return undefined;
  }

  add(waiting: Waiting<T>): void {
    this.rows += waiting.offer.rows;
    this.size += 1;
    if (waiting.offer.alone) this.alone += 1;
    this.putBack(waiting);
    if (this.#arrivals === undefined) return;
    if (this.#arrivals.length >= 2 * this.size + arrivalsSpare) this.#forgetGone(this.#arrivals);
    this.#arrivals.push(waiting);
  }

  /** Takes the first one up, to look at the next; it still counts. */
  takeUp(waiting: Waiting<T>): void {
    this.#levels[waiting.level]?.delete(waiting);
  }

  putBack(waiting: Waiting<T>): void {
    while (this.#levels.length <= waiting.level) this.#levels.push(new PlacedHeap(inOrder()));
    this.#levels[waiting.level]?.add(waiting);
  }

  /** It waits no more. */
  drop(waiting: Waiting<T>): void {
    if (waiting.place >= 0) this.takeUp(waiting);
    waiting.hasLeft = true;
    this.rows -= waiting.offer.rows;
    this.size -= 1;
    if (waiting.offer.alone) this.alone -= 1;
  }

  /** Each is forgotten once, for at least as many that came. */
  #forgetGone(arrivals: Waiting<T>[]): void {
    const left = arrivals.filter(({ hasLeft }) => !hasLeft);
    arrivals.length = 0;
    for (const waiting of left) arrivals.push(waiting);
    this.#oldest = 0;
  }
}

const arrivalsSpare = 64;

/** When a request has to have started that is to be in time, as far as it is known. */
export function latestStartMs<T>({ deadlineMs, offer, queue }: Waiting<T>, now: number): number {
  if (deadlineMs === Number.POSITIVE_INFINITY) return deadlineMs;
  return deadlineMs - queue.times.leastMs(offer.rows, now);
}

/** Whether a request goes before another, of whatever queue. */
function isBefore<T>(one: Waiting<T>, other: Waiting<T>): boolean {
  if (one.level !== other.level) return one.level < other.level;
  if (one.deadlineMs !== other.deadlineMs) return one.deadlineMs < other.deadlineMs;
  return one.sequence < other.sequence;
}

function inOrder<T>(): HeapOptions<Waiting<T>> {
  return {
    isBefore,
    placeOf: ({ place }) => place,
    setPlace: (waiting, place) => {
      waiting.place = place;
    },
  };
}

/** Queues by when to look whether something in them has expired. */
export function byExpiry<T>(): HeapOptions<KeyQueue<T>> {
  return {
    isBefore: (one, other) => one.expiresMs < other.expiresMs,
    placeOf: ({ expiryPlace }) => expiryPlace,
    setPlace: (queue, place) => {
      queue.expiryPlace = place;
    },
  };
}

/** Queues by their first requests. None of them is empty. */
export function byHead<T>(): HeapOptions<KeyQueue<T>> {
  const isFirst = (one: KeyQueue<T>, other: KeyQueue<T>) => {
    assert(one.head !== undefined && other.head !== undefined, "empty queues are in no heap");
    return isBefore(one.head, other.head);
  };
  return { ...placeOfQueue(), isBefore: isFirst };
}

/** Queues by when to look at them. */
export function byCheck<T>(): HeapOptions<KeyQueue<T>> {
  return { ...placeOfQueue(), isBefore: (one, other) => one.checkMs < other.checkMs };
}

function placeOfQueue<T>(): Pick<HeapOptions<KeyQueue<T>>, "placeOf" | "setPlace"> {
  return {
    placeOf: ({ place }) => place,
    setPlace: (queue, place) => {
      queue.place = place;
    },
  };
}
