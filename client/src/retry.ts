/** When a call is tried again: decisions alone, with time and draws as arguments. */
import type { SluiceError } from "./error.ts";

export type RetryOptions = {
  /** How often a call is sent at most, the first time included. Default 6; 1 never retries. */
  readonly attemptsMax?: number;
  /** Before the first retry, doubled for each further one. Default 100. */
  readonly firstMs?: number;
  /** Default 2000. */
  readonly maxMs?: number;
};

export type RetryPolicy = Required<RetryOptions>;

export const retryDefaults: RetryPolicy = { attemptsMax: 6, firstMs: 100, maxMs: 2_000 };

export type RetryDecision =
  | { readonly kind: "retry"; readonly afterMs: number }
  | { readonly kind: "give-up" };

/** What the server has refused or never got: asking again cannot do a thing twice. */
export function isPassing(error: SluiceError): boolean {
  if (error.code === "unavailable") return true;
  return error.code === "resource-exhausted" && error.retryAfterMs !== undefined;
}

/**
 * Whether to try again after attempt number `attempt` (1 for the first), and after how long. The
 * server's own wish is never undercut; an address that has not been tried needs no waiting.
 */
export function decideRetry(
  policy: RetryPolicy,
  failed: {
    readonly error: SluiceError;
    readonly attempt: number;
    readonly leftMs: number;
    readonly isElsewhere: boolean;
    readonly draw: number;
  },
): RetryDecision {
  const { error, attempt, leftMs, isElsewhere, draw } = failed;
  if (attempt >= policy.attemptsMax || !isPassing(error)) return { kind: "give-up" };
  const backoff = isElsewhere ? 0 : backoffMs(policy, attempt, draw);
  const afterMs = Math.max(backoff, error.retryAfterMs ?? 0);
  return afterMs < leftMs ? { kind: "retry", afterMs } : { kind: "give-up" };
}

/** Twice as long for each attempt, up to the maximum; the draw takes up to half of it. */
export function backoffMs(
  policy: Pick<RetryPolicy, "firstMs" | "maxMs">,
  attempt: number,
  draw: number,
): number {
  const doubled = policy.firstMs * 2 ** Math.min(attempt - 1, 30);
  return Math.min(policy.maxMs, doubled) * (1 - draw / 2);
}

const tokensMax = 500;
const tokensPerSuccess = 0.2;

/**
 * Keeps a client from adding to what overloads its servers: each retry takes a token, each success
 * gives back a fifth of one. The 500 it begins with let all calls in flight move when a gateway
 * goes.
 */
export class RetryBudget {
  #tokens = tokensMax;

  succeeded(): void {
    this.#tokens = Math.min(tokensMax, this.#tokens + tokensPerSuccess);
  }

  /** False where no retry may be afforded. */
  take(): boolean {
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
