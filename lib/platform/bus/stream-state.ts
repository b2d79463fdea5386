import { Failure } from "#core/failure.ts";
import type { FoundStream, StreamState } from "./bus.ts";

/** What is used of the client library's description of a stream. */
export type StreamDescription = {
  readonly created: string;
  readonly state: {
    readonly messages: number;
    readonly first_seq: number;
    readonly last_seq: number;
    /** RFC 3339. */
    readonly first_ts: string;
  };
};

export function stateOf({ created, state }: StreamDescription): StreamState {
  const firstSeq = state.messages === 0 ? state.last_seq + 1 : state.first_seq;
  return { created, firstSeq, lastSeq: state.last_seq };
}

/** The same with the newest message of a subject. */
export function foundOf(
  stream: StreamDescription,
  last: { readonly seq: number; readonly timestamp: string } | undefined,
): FoundStream {
  const { messages, first_ts: first } = stream.state;
  return {
    ...stateOf(stream),
    firstTimeMs: messages === 0 ? undefined : Date.parse(first),
    last: last && { seq: last.seq, timeMs: Date.parse(last.timestamp) },
  };
}

export type Expected = {
  readonly stream: string;
  readonly created: string | undefined;
  readonly fromSeq: number;
};

/**
 * When the stream was created, if it is still the one expected: there, created at the same time and
 * holding at least what came before `fromSeq`. Throws a Failure `failed-precondition` otherwise.
 */
export function requireSame(found: StreamDescription | undefined, expected: Expected): string {
  const { stream, created, fromSeq } = expected;
  const refuse = (reason: string) =>
    new Failure("failed-precondition", `NATS: stream ${stream} ${reason}`);
  if (found === undefined) throw refuse("is gone");
  if (created !== undefined && found.created !== created) {
    throw refuse(`was created anew at ${found.created}; it was that of ${created}`);
  }
  const last = found.state.last_seq;
  if (fromSeq > last + 1) throw refuse(`ends at ${last}, before ${fromSeq}`);
  return found.created;
}
