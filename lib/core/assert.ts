/** A programmer's mistake: an invariant of our own code does not hold. Never caused by input. */
export class InvariantError extends Error {
  override name = "InvariantError";
}

/** Crashes with `message` unless `condition` holds. For programmer mistakes, never for input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Ends an exhaustive switch: compiles only when every member of the union has been handled. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${JSON.stringify(value)}`);
}
