import { Failure, type FailureCode, messageOf } from "#core/failure.ts";

/** Codes of the JetStream API that mean something to us. */
const apiCodes: Readonly<Record<number, FailureCode>> = {
  // No such consumer, message or stream.
  10014: "not-found",
  10037: "not-found",
  10059: "not-found",
  // Not the last sequence of the subject: someone else has written.
  10071: "failed-precondition",
  10164: "failed-precondition",
  // Memory, storage or the limit of a stream is used up.
  10023: "resource-exhausted",
  10028: "resource-exhausted",
  10047: "resource-exhausted",
  10077: "resource-exhausted",
};

const names: Readonly<Record<string, FailureCode>> = {
  TimeoutError: "deadline-exceeded",
  ClosedConnectionError: "unavailable",
  DrainingConnectionError: "unavailable",
  ConnectionError: "unavailable",
  RequestError: "unavailable",
  NoRespondersError: "not-found",
  JetStreamNotEnabled: "not-found",
  InvalidArgumentError: "invalid-argument",
  InvalidSubjectError: "invalid-argument",
};

/** What the client library threw while doing `what`, in our words. */
export function toFailure(error: unknown, what: string): Failure {
  if (error instanceof Failure) return error;
  const code = apiCodes[apiCodeOf(error) ?? 0] ?? names[nameOf(error)] ?? "internal";
  return new Failure(code, `NATS: ${what}: ${reasonOf(error, code)}`, { cause: error });
}

/** Whether the server said that there is no stream of this name. */
export function isNoStream(error: unknown): boolean {
  return apiCodeOf(error) === 10059;
}

function reasonOf(error: unknown, code: FailureCode): string {
  if (code === "deadline-exceeded") return "no answer within 5 seconds";
  if (nameOf(error) === "JetStreamNotEnabled") return "no stream takes it, or JetStream is off";
  return messageOf(error);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

function apiCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "number" ? error.code : undefined;
}
