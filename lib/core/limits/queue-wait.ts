/**
 * The part of what is left of its deadline that a request may be expected to wait. The rest is for
 * its run, and for waits that turn out longer than expected.
 */
const waitShare = 0.5;
/** To try again sooner would only add to the load. */
const retryMsMin = 10;

export type QueueWait = {
  /** Requests that are answered before this one. */
  readonly ahead: number;
  /** Answers a millisecond. */
  readonly perMs: number;
  /** Until its deadline. */
  readonly leftMs: number;
};

export type TooLong = {
  readonly waitMs: number;
  readonly waitMsMax: number;
  /** By then so much has been answered that it could be taken, if nothing else came. */
  readonly retryAfterMs: number;
};

/** Whether a request would wait too long to be answered in time; undefined where it would not. */
export function tooLong({ ahead, perMs, leftMs }: QueueWait): TooLong | undefined {
  const waitMs = ahead / perMs;
  const waitMsMax = Math.max(0, leftMs) * waitShare;
  if (waitMs <= waitMsMax) return undefined;
  return { waitMs, waitMsMax, retryAfterMs: Math.max(retryMsMin, waitMs - waitMsMax) };
}
