import { Failure, type FailureCode } from "#core/failure.ts";

/** gRPC status codes, by the names of the gRPC specification. */
export const statusCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

const codeOfFailure: Record<FailureCode, number> = {
  "invalid-argument": statusCode.invalidArgument,
  "not-found": statusCode.notFound,
  "already-exists": statusCode.alreadyExists,
  "failed-precondition": statusCode.failedPrecondition,
  "resource-exhausted": statusCode.resourceExhausted,
  unavailable: statusCode.unavailable,
  "deadline-exceeded": statusCode.deadlineExceeded,
  cancelled: statusCode.cancelled,
  unimplemented: statusCode.unimplemented,
  internal: statusCode.internal,
};

const failureOfCode = new Map<number, FailureCode>(
  Object.entries(codeOfFailure).map(([failure, code]) => [code, failure as FailureCode]),
);

/** The gRPC status code of a failure. */
export function toStatusCode(code: FailureCode): number {
  return codeOfFailure[code];
}

/** The failure a gRPC status stands for; codes Sluice never sends count as internal. */
export function fromStatus(code: number, message: string): Failure {
  return new Failure(failureOfCode.get(code) ?? "internal", message);
}

const nameOfCode = new Map<number, string>(
  Object.entries(statusCode).map(([name, code]) => [
    code,
    name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
  ]),
);

/** The name of a status code as the gRPC specification writes it, such as `NOT_FOUND`. */
export function statusName(code: number): string {
  return nameOfCode.get(code) ?? String(code);
}
