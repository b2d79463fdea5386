/**
 * Whether the requests at the head of a queue run now.
 *
 * 1. They are taken in order until the next one would make the batch too large or must be alone.
 *    Nothing overtakes a request that was left out.
 * 2. One that could not meet its deadline even in a run of its own, begun now, expires.
 * 3. Where the next one would make others late that are in time without it, it is left out if it
 *    can wait for the run after. If it cannot, there is more to do than can be done: small batches
 *    for the most urgent would make everybody late in turn, so those that would be late are given
 *    up and the batch goes on growing.
 * 4. A batch that may still grow waits until its delay is over, or until it has to run lest a
 *    deadline be missed.
 */
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
  const expired: Waiting<T>[] = [];
  let members: Waiting<T>[] = [];
  let rows = 0;
  let urgentMs = Number.POSITIVE_INFINITY;
  let preferred = 0;
  for (let next = queue.first; next !== undefined; next = queue.first) {
    const { offer } = next;
    if (members.length > 0 && (offer.alone || rows + offer.rows > rowsMax)) {
      return { members, expired, stop: "full", preferred };
    }
    if (latestStartMs(next, now) <= now) {
      queue.takeUp(next);
      expired.push(next);
      continue;
    }
    if (urgentMs < Number.POSITIVE_INFINITY) {
      // Of a less urgent level it has to wait, whatever becomes of it.
      const mustWait = (members[0]?.level ?? 0) < next.level;
      const effect = effectOf({ queue, rowsMax, rows, urgentMs, next, mustWait, now });
      if (effect.kind === "leave-out") return { members, expired, stop: "deadline", preferred };
      if (effect.kind === "give-up") {
        const isLate = (each: Waiting<T>) => each.deadlineMs < effect.beforeMs;
        expired.push(...members.filter(isLate));
        members = members.filter((each) => !isLate(each));
        ({ rows, urgentMs } = sum(members));
        preferred = 0;
      }
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

const none = { kind: "none" } as const;
const leaveOut = { kind: "leave-out" } as const;

/** What it means for those taken that the next one joins them. */
function effectOf<T>({ queue, rowsMax, rows, urgentMs, next, mustWait, now }: Joining<T>) {
  const { times } = queue;
  const { offer } = next;
  const endMs = now + times.safeMs(rows + offer.rows, now);
  if (endMs <= urgentMs) return none;
  const endWithoutMs = now + times.safeMs(rows, now);
  const rowsAfter = Math.min(rowsMax, queue.rows - rows);
  const isPatient = endWithoutMs + times.safeMs(rowsAfter, now) <= next.deadlineMs;
  if (!isPatient && !mustWait) return { kind: "give-up", beforeMs: endMs } as const;
  return endWithoutMs <= urgentMs ? leaveOut : none;
}

function sum<T>(members: readonly Waiting<T>[]): { rows: number; urgentMs: number } {
  let rows = 0;
  let urgentMs = Number.POSITIVE_INFINITY;
  for (const { offer, deadlineMs } of members) {
    rows += offer.rows;
    urgentMs = Math.min(urgentMs, deadlineMs);
  }
  return { rows, urgentMs };
}
