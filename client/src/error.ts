/** The status codes of gRPC, by their numbers, as this client spells them. */
const codes = [
  "ok",
  "cancelled",
  "unknown",
  "invalid-argument",
  "deadline-exceeded",
  "not-found",
  "already-exists",
  "permission-denied",
  "resource-exhausted",
  "failed-precondition",
  "aborted",
  "out-of-range",
  "unimplemented",
  "internal",
  "unavailable",
  "data-loss",
  "unauthenticated",
] as const;

export type SluiceErrorCode = Exclude<(typeof codes)[number], "ok">;

export type SluiceErrorDetails = {
  /** When the server says to try again, in milliseconds from now. */
  readonly retryAfterMs?: number | undefined;
  /** Of the prediction that failed, where the gateway had begun it. */
  readonly predictionId?: string | undefined;
  /** Of the trace the call belonged to, where the caller gave or asked for one. */
  readonly traceId?: string | undefined;
  readonly cause?: unknown;
};

/** Everything that this client throws or rejects with. */
export class SluiceError extends Error {
  override name = "SluiceError";
  readonly code: SluiceErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly predictionId: string | undefined;
  readonly traceId: string | undefined;

  constructor(code: SluiceErrorCode, message: string, details: SluiceErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.retryAfterMs = details.retryAfterMs;
    this.predictionId = details.predictionId;
    this.traceId = details.traceId;
  }
}

/** The code of a status that is not OK; numbers gRPC does not know are `unknown`. */
export function codeOfStatus(status: number): SluiceErrorCode {
  const code = codes[status];
  return code === undefined || code === "ok" ? "unknown" : code;
}
