/**
 * What becomes of an event that was sent to a receiver of alerts, and which events are sent at all.
 *
 * A receiver takes an event with any 2xx. With most 4xx it says that it never will: the event is
 * given up. Anything else may be different the next time, as with 408, 425 and 429 (RFC 9110, 8470,
 * 6585), so that the event is sent again until it is a day old. Each one is sent at least once.
 */
import { type Backoff, backoffMs } from "../limits/backoff.ts";

/** What the receiver answered; status undefined where it did not. */
export type Answer = {
  readonly status: number | undefined;
  /** What it asks to wait before the next try. */
  readonly retryAfterMs?: number | undefined;
};

export type Try = {
  /** 1 for the first. */
  readonly attempt: number;
  /** How long ago the event was stored. */
  readonly ageMs: number;
  readonly answer: Answer;
  /** From [0, 1). */
  readonly draw: number;
};

export type Delivery =
  | { readonly kind: "delivered" }
  | { readonly kind: "again"; readonly waitMs: number }
  | { readonly kind: "given-up"; readonly why: "refused" | "too old" };

const backoff: Backoff = { firstMs: 1000, maxMs: 5 * 60_000 };
export const ageMsMax: number = 24 * 3600 * 1000;
/** A receiver that asks for more is asked again nevertheless. */
const retryAfterMsMax = 3600 * 1000;
const transient: readonly number[] = [408, 425, 429];

export function deliveryOf({ attempt, ageMs, answer, draw }: Try): Delivery {
  const { status = 0, retryAfterMs = 0 } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  const isRefusal = status >= 400 && status < 500 && !transient.includes(status);
  if (isRefusal) return { kind: "given-up", why: "refused" };
  const asked = Math.min(Math.max(0, retryAfterMs), retryAfterMsMax);
  const waitMs = Math.max(asked, backoffMs(backoff, attempt, draw));
  if (ageMs + waitMs > ageMsMax) return { kind: "given-up", why: "too old" };
  return { kind: "again", waitMs };
}

/**
 * Whether people are told of a change: when an alert begins to fire and when it has ended, not that
 * it may be about to end, nor that it does not after all.
 */
export function isForPeople({ from, to }: { from: string; to: string }): boolean {
  return to === "ok" || (to === "firing" && from !== "clearing");
}
