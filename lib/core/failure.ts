/** What can go wrong in operation, in words that do not depend on a protocol. */
export type FailureCode =
  | "invalid-argument"
  | "not-found"
  | "already-exists"
  | "failed-precondition"
  | "resource-exhausted"
  | "unavailable"
  | "deadline-exceeded"
  | "cancelled"
  | "unimplemented"
  | "internal";

export type FailureOptions = {
  readonly cause?: unknown;
  /** When the caller may try again, in milliseconds from now. */
  readonly retryAfterMs?: number;
};

/**
 * An operating error: something outside our code is not as it should be. The message names the
 * thing and the numbers, and is written for the person who has to act on it.
 */
export class Failure extends Error {
  override name = "Failure";
  readonly code: FailureCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Turns anything caught into a Failure; what is not one already becomes `internal`. */
  static from(error: unknown): Failure {
    if (error instanceof Failure) return error;
    return new Failure("internal", messageOf(error), { cause: error });
  }
}

/** The readable part of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
