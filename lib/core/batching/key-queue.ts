import { assert } from "../assert.ts";
import { type HeapOptions, PlacedHeap } from "./placed-heap.ts";
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
  readonly arrivedMs: number;
  /** When it has waited as long as it may. */
  readonly timeoutMs: number;
  /** When to look whether it has expired. */
  expiresMs: number;
  /** True once it waits no more. */
  hasLeft: boolean;
  /** In the heap of its level, and in that of all that expire. */
  place: number;
  expiryPlace: number;
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
  readonly #levels: PlacedHeap<Waiting<T>>[] = [];
  readonly #arrivals: Waiting<T>[] | undefined;
  #oldest = 0;

  /** `keepsArrivals` where `oldestMs` will be asked for. */
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
      if (first !== undefined) urgentMs = Math.min(urgentMs, first.offer.deadlineMs);
    }
    return urgentMs;
  }

  /** When the one that has waited longest came. */
  get oldestMs(): number {
    const arrivals = this.#arrivals ?? [];
    while (arrivals[this.#oldest]?.hasLeft === true) this.#oldest += 1;
    return arrivals[this.#oldest]?.arrivedMs ?? Number.POSITIVE_INFINITY;
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

/** Whether a request goes before another, of whatever queue. */
function isBefore<T>(one: Waiting<T>, other: Waiting<T>): boolean {
  if (one.level !== other.level) return one.level < other.level;
  const [mine, its] = [one.offer.deadlineMs, other.offer.deadlineMs];
  return mine === its ? one.sequence < other.sequence : mine < its;
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

/** Requests by when to look whether they have expired. */
export function byExpiry<T>(): HeapOptions<Waiting<T>> {
  return {
    isBefore: (one, other) => one.expiresMs < other.expiresMs,
    placeOf: ({ expiryPlace }) => expiryPlace,
    setPlace: (waiting, place) => {
      waiting.expiryPlace = place;
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
