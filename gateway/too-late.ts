import { Failure } from "#core/failure.ts";
import { formatRef } from "#core/model/name.ts";
import { currentAttempt, type Exchange } from "./exchange.ts";

/** A queue moves on, and a worker is replaced, in some such time. */
const retrySoonMs = 100;

/** Why a request ends whose time is over. */
export function tooLate(exchange: Exchange, nowMs: number): Failure {
  const { ref, deadlineMs, queueUntilMs, isSuspect } = exchange;
  const { arrivedMs } = exchange.request;
  const attempt = currentAttempt(exchange);
  const afterMs = Math.round(nowMs - arrivedMs);
  const passing = { retryAfterMs: retrySoonMs };
  if (attempt !== undefined) {
    const stage = attempt.isStarted ? "running" : "queued";
    const where = `in worker ${attempt.worker.instance}, ${stage}`;
    return new Failure("deadline-exceeded", `deadline exceeded after ${afterMs} ms: ${where}`);
  }
  if (isSuspect) {
    const message = `no second replica to run it on within ${afterMs} ms`;
    return new Failure("unavailable", message, passing);
  }
  const whom = `for a worker of ${formatRef(ref)}`;
  if (deadlineMs <= nowMs) {
    return new Failure(
      "deadline-exceeded",
      `deadline exceeded after ${afterMs} ms: waiting ${whom}`,
    );
  }
  const limitMs = Math.round(queueUntilMs - arrivedMs);
  return new Failure("resource-exhausted", `waited ${limitMs} ms ${whom}, the limit`, passing);
}
