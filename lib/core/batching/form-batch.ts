/**
 * Whether the requests at the head of a queue run now.
 *
 * 1. They are taken in order until the next one would make the batch too large or must be alone.
 *    Nothing overtakes a request that was left out.
 * 2. One that could not meet its deadline even in a run of its own, begun now, expires.
 * 3. Where the next one would make others late that are in time without it, it is left out if it
 *    can wait for the run after. If it cannot, there is more to do than can be done, and what is
 *    run is what most is answered with in time: see `best-window.ts`. Who is passed over expires
 *    when it cannot be in time any more.
 * 4. A batch that may still grow waits until its delay is over, or until it has to run lest a
 *    deadline be missed.
 */
import { bestWindow } from "./best-window.ts";
import { type KeyQueue, latestStartMs, type Waiting } from "./key-queue.ts";

export type FormingOptions = {
  readonly rowsMax: number;
  /** Sizes to close a batch at before it is full. */
  readonly rowsPreferred: readonly number[];
  /** How long an unfilled batch waits for more rows; 0 for not at all. */
  readonly queueDelayMs: number;
  /** False where every request must run by itself. */
  readonly together: boolean;
};

export type ClosedBy = "full" | "preferred" | "delay" | "deadline" | "idle" | "alone" | "unbatched";

/** Each with the requests that expired; those taken still count as waiting. */
export type Formed<T> = { readonly expired: readonly Waiting<T>[] } & (
  | {
      readonly kind: "closed";
      readonly members: readonly Waiting<T>[];
      readonly closedBy: ClosedBy;
    }
  | { readonly kind: "open"; readonly untilMs: number }
  | { readonly kind: "empty" }
);

/**
 * Timers are late, answers take their way: so much of the time there was is kept for that, and at
 * least so long.
 */
const marginShare = 1 / 20;
const marginMsMin = 1;
/** While nobody knows how long a run takes, half of the time may be spent on waiting. */
const unknownShare = 1 / 2;

/** Leaves members taken up, and everything else in the queue. */
export function formBatch<T>(queue: KeyQueue<T>, options: FormingOptions, now: number): Formed<T> {
  const { members, expired, stop, preferred } = takeUp(queue, options, now);
  if (members.length === 0) return { kind: "empty", expired };
  if (stop !== undefined) return { kind: "closed", members, closedBy: stop, expired };
  if (preferred > 0) {
    for (const waiting of members.splice(preferred)) queue.putBack(waiting);
    return { kind: "closed", members, closedBy: "preferred", expired };
  }
  if (options.queueDelayMs <= 0) return { kind: "closed", members, closedBy: "idle", expired };
  // In the queue again they count for when it closes.
  for (const waiting of members) queue.putBack(waiting);
  const untilMs = closeMs(queue, options, now);
  if (untilMs > now) return { kind: "open", untilMs, expired };
  for (const waiting of members) queue.takeUp(waiting);
  const isDelay = queue.oldestMs + options.queueDelayMs <= now;
  return { kind: "closed", members, closedBy: isDelay ? "delay" : "deadline", expired };
}

/**
 * When a queue of fewer rows than a batch holds has to close: when its oldest request has waited
 * the delay, or its most urgent one is about to miss its deadline.
 */
export function closeMs<T>(queue: KeyQueue<T>, options: FormingOptions, now: number): number {
  const { oldestMs, urgentMs } = queue;
  const delayedMs = oldestMs + options.queueDelayMs;
  if (urgentMs === Number.POSITIVE_INFINITY) return delayedMs;
  const givenMs = urgentMs - oldestMs;
  const runMs = queue.times.safeMs(queue.rows, now);
  if (runMs === 0) return Math.min(delayedMs, urgentMs - givenMs * unknownShare);
  return Math.min(delayedMs, urgentMs - runMs - Math.max(marginMsMin, givenMs * marginShare));
}

type TakenUp<T> = {
  readonly members: Waiting<T>[];
  readonly expired: Waiting<T>[];
  /** What keeps more from joining; undefined where there is no more. */
  readonly stop: ClosedBy | undefined;
  /** How many of the members make up a preferred size; 0 where they pass none. */
  readonly preferred: number;
};

function takeUp<T>(queue: KeyQueue<T>, options: FormingOptions, now: number): TakenUp<T> {
  const { rowsMax, rowsPreferred, together } = options;
  const members: Waiting<T>[] = [];
  const expired: Waiting<T>[] = [];
  let rows = 0;
  let urgentMs = Number.POSITIVE_INFINITY;
  let preferred = 0;
  for (let next = nextInTime(queue, expired, now); next; next = nextInTime(queue, expired, now)) {
    const { offer } = next;
    if (members.length > 0 && (offer.alone || rows + offer.rows > rowsMax)) {
      return { members, expired, stop: "full", preferred };
    }
    if (urgentMs < Number.POSITIVE_INFINITY) {
      // Of a less urgent level it has to wait, whatever becomes of it.
      const mustWait = (members[0]?.level ?? 0) < next.level;
      const effect = effectOf({ queue, rowsMax, rows, urgentMs, next, mustWait, now });
      if (effect === "leave-out") return { members, expired, stop: "deadline", preferred };
      if (effect === "crowded") return takeBest({ queue, rowsMax, members, expired }, now);
    }
    queue.takeUp(next);
    members.push(next);
    rows += offer.rows;
    urgentMs = Math.min(urgentMs, next.deadlineMs);
    if (!together) return { members, expired, stop: "unbatched", preferred };
    if (offer.alone) return { members, expired, stop: "alone", preferred };
    if (rows >= rowsMax) return { members, expired, stop: "full", preferred };
    if (rowsPreferred.includes(rows)) preferred = members.length;
  }
  return { members, expired, stop: undefined, preferred };
}

/** The first one that is not too late; those that are have been taken up and expire. */
function nextInTime<T>(
  queue: KeyQueue<T>,
  expired: Waiting<T>[],
  now: number,
): Waiting<T> | undefined {
  for (;;) {
    const { first } = queue;
    if (first === undefined || latestStartMs(first, now) > now) return first;
    queue.takeUp(first);
    expired.push(first);
  }
}

type Crowd<T> = Pick<TakenUp<T>, "members" | "expired"> & {
  readonly queue: KeyQueue<T>;
  readonly rowsMax: number;
};

/**
 * The best batch of those taken and as many more, all of one level. Those that are not likely to be
 * in time any more expire, so that they do not stand before others; but something is run, for
 * nobody would learn otherwise that runs have become faster.
 */
function takeBest<T>({ queue, rowsMax, members, expired }: Crowd<T>, now: number): TakenUp<T> {
  const level = members[0]?.level;
  const candidates: Waiting<T>[] = [];
  const unlikely: Waiting<T>[] = [];
  let rows = 0;
  const consider = (waiting: Waiting<T>) => {
    const endMs = now + queue.times.likelyMs(waiting.offer.rows, now);
    if (endMs > waiting.deadlineMs) {
      unlikely.push(waiting);
      return;
    }
    candidates.push(waiting);
    rows += waiting.offer.rows;
  };
  for (const member of members) consider(member);
  for (let next = nextInTime(queue, expired, now); next; next = nextInTime(queue, expired, now)) {
    if (next.offer.alone || next.level !== level || rows >= 2 * rowsMax) break;
    queue.takeUp(next);
    consider(next);
  }
  if (candidates.length === 0) candidates.push(...unlikely.splice(-1));
  expired.push(...unlikely);
  const sizes = candidates.map(({ offer, deadlineMs }) => ({ rows: offer.rows, deadlineMs }));
  const { from, to } = bestWindow(sizes, { rowsMax, times: queue.times, now });
  for (const [at, waiting] of candidates.entries()) {
    if (at < from || at >= to) queue.putBack(waiting);
  }
  const best = candidates.slice(from, to);
  const isFull = best.reduce((sum, { offer }) => sum + offer.rows, 0) >= rowsMax;
  return { members: best, expired, stop: isFull ? "full" : "deadline", preferred: 0 };
}

type Joining<T> = {
  readonly queue: KeyQueue<T>;
  readonly rowsMax: number;
  /** Of those taken, and the earliest of their deadlines. */
  readonly rows: number;
  readonly urgentMs: number;
  readonly next: Waiting<T>;
  readonly mustWait: boolean;
  readonly now: number;
};

/** What it means for those taken that the next one joins them. */
function effectOf<T>(joining: Joining<T>): "none" | "leave-out" | "crowded" {
  const { queue, rowsMax, rows, urgentMs, next, mustWait, now } = joining;
  const { times } = queue;
  if (now + times.safeMs(rows + next.offer.rows, now) <= urgentMs) return "none";
  const endMs = now + times.safeMs(rows, now);
  const rowsAfter = Math.min(rowsMax, queue.rows - rows);
  const isPatient = endMs + times.safeMs(rowsAfter, now) <= next.deadlineMs;
  if (!isPatient && !mustWait) return "crowded";
  return endMs <= urgentMs ? "leave-out" : "none";
}
