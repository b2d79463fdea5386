import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import type { Attempt, Exchange } from "./exchange.ts";

export type LossDecision =
  | { readonly kind: "retry"; readonly isSuspect: boolean }
  /** `isHarmful`: its input is taken for the cause, and is not to be run again. */
  | { readonly kind: "fail"; readonly failure: Failure; readonly isHarmful: boolean };

/** However often workers go, a request is not sent on for ever. */
const attemptsMax = 5;
/** About as long as a worker takes to be replaced. */
const retryReplacedMs = 1_000;

/** Whether a request that nobody has started may be given to another worker. */
export function mayTryAgain(exchange: Exchange): boolean {
  const isWhole = exchange.payload.byteLength === exchange.payloadBytes;
  return isWhole && exchange.attempts.length < attemptsMax;
}

/**
 * What becomes of a request whose worker was lost. One that had not been started cannot be the
 * cause and is given to another worker. One that was being run may be: it is tried once more
 * where another replica remains, of `replicas` there are of its version; a second loss is taken
 * for its own doing.
 */
export function afterLoss(attempt: Attempt, replicas: number): LossDecision {
  const { exchange, worker, isStarted, isAlone } = attempt;
  const lost = `worker ${worker.instance} was lost`;
  const name = formatRef(exchange.ref);
  if (isStarted && isAlone) {
    const message = `${lost} while it ran this request alone, as another was before it`;
    return { kind: "fail", failure: new Failure("internal", message), isHarmful: true };
  }
  const fail = (why: string): LossDecision => ({
    kind: "fail",
    failure: new Failure("unavailable", `${lost}: ${why}`, { retryAfterMs: retryReplacedMs }),
    isHarmful: false,
  });
  if (!mayTryAgain(exchange)) {
    const isWhole = exchange.payload.byteLength === exchange.payloadBytes;
    return fail(isWhole ? `${attemptsMax} workers were tried` : "the request is too large to keep");
  }
  if (!isStarted) return { kind: "retry", isSuspect: exchange.isSuspect };
  return replicas >= 2 ? { kind: "retry", isSuspect: true } : fail(`no other serves ${name}`);
}
