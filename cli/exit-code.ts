import { Failure } from "#core/failure.ts";

/** What the exit codes of `sluice` mean. */
export const exitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  someRowsBad: 4,
  drift: 5,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

/** The command line does not make sense: told before anything is asked of a server. */
export class UsageError extends Failure {
  override name = "UsageError";

  constructor(message: string) {
    super("invalid-argument", message);
  }
}

/** Nobody answers where a server should be. */
export class Unreachable extends Failure {
  override name = "Unreachable";

  constructor(message: string, cause: unknown) {
    super("unavailable", message, { cause });
  }
}

/** The exit code for an error that ended a command. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCode.usage;
  return error instanceof Unreachable ? exitCode.unreachable : exitCode.failed;
}
