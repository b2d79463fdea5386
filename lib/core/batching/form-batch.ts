/**
 * Whether the requests at the head of a queue run now.
 *
 * 1. They are taken in order until the next one would make the batch too large, must be alone, or
 *    would make the most urgent of them miss a deadline that it meets without. Nothing overtakes a
 *    request that was left out.
 * 2. One that could not meet its deadline even in a run of its own, begun now, expires.
 * 3. A batch that may still grow waits until its delay is over, or until it has to run lest a
 *    deadline be missed.
 */
import type { KeyQueue, Waiting } from "./key-queue.ts";

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

/** A timer may be so late, and so long an answer is on its way. */
const marginMs = 1;

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
  const delayedMs = queue.oldestMs + options.queueDelayMs;
  const { urgentMs } = queue;
  if (urgentMs === Number.POSITIVE_INFINITY) return delayedMs;
  return Math.min(delayedMs, urgentMs - queue.times.safeMs(queue.rows, now) - marginMs);
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
  for (let next = queue.first; next !== undefined; next = queue.first) {
    const { offer } = next;
    if (isTooLate(next, now)) {
      queue.takeUp(next);
      expired.push(next);
      continue;
    }
    const stop = whatKeepsOut(next);
    if (stop !== undefined) return { members, expired, stop, preferred };
    queue.takeUp(next);
    members.push(next);
    rows += offer.rows;
    urgentMs = Math.min(urgentMs, offer.deadlineMs);
    if (!together) return { members, expired, stop: "unbatched", preferred };
    if (offer.alone) return { members, expired, stop: "alone", preferred };
    if (rows >= rowsMax) return { members, expired, stop: "full", preferred };
    if (rowsPreferred.includes(rows)) preferred = members.length;
  }
  return { members, expired, stop: undefined, preferred };

  function whatKeepsOut({ offer }: Waiting<T>): ClosedBy | undefined {
    if (members.length === 0) return undefined;
    if (offer.alone || rows + offer.rows > rowsMax) return "full";
    if (urgentMs === Number.POSITIVE_INFINITY) return undefined;
    const isMet = now + queue.times.safeMs(rows, now) <= urgentMs;
    const isSpoilt = now + queue.times.safeMs(rows + offer.rows, now) > urgentMs;
    return isMet && isSpoilt ? "deadline" : undefined;
  }
}

/** Whether it would miss its deadline even if it ran now. */
export function isTooLate<T>({ offer, queue }: Waiting<T>, now: number): boolean {
  if (offer.deadlineMs === Number.POSITIVE_INFINITY) return false;
  return now + queue.times.leastMs(offer.rows, now) >= offer.deadlineMs;
}
