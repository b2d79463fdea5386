import * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { refusesReplyOf } from "./call-hooks.ts";
import type { StatusReply } from "./failure-status.ts";

/** Whoever made a call. */
export type Caller = {
  /** When it gives up, in milliseconds since 1970; Infinity for never. */
  readonly deadlineMs: number;
  /** What it sent under this key, in lower case; undefined where it sent nothing. */
  header(key: string): string | undefined;
};

/** An object and not a function, which would be one more for each call that waits. */
export type CallOwner = {
  gone(): void;
};

/**
 * One call of a unary method whose messages stay bytes. It is ended once: replied to or refused.
 */
export type UnaryCall = Caller & {
  /** Told when the call is over, ended by whomever; may be set while it is being handled. */
  owner: CallOwner | undefined;
  /** Nobody looks at the request any more, whose memory may be used for another. */
  releaseRequest(): void;
  /** Why nobody gets the reply; undefined where it was sent. */
  reply(message: Uint8Array, metadata: ReplyMetadata): Failure | undefined;
  refuse(status: StatusReply): void;
};

/** Keys in lower case, values of printable ASCII. */
export type ReplyMetadata = {
  /** Keys and values in turns. */
  readonly headers: readonly string[];
  readonly trailers: Readonly<Record<string, string>> | undefined;
};

/** `request` is not kept by the call, so that its bytes go when the taker lets go of them. */
export type UnaryTaker = (call: UnaryCall, request: Uint8Array) => void;

/** The same by way of grpc-js. */
export function grpcHandler(take: UnaryTaker): grpc.handleUnaryCall<Uint8Array, Uint8Array> {
  return (call, callback) => take(new GrpcCall(call, callback), call.request);
}

type CallOfGrpc = Pick<grpc.ServerUnaryCall<unknown, unknown>, "metadata" | "getDeadline">;

/** Whoever made a call that came by way of grpc-js. */
export class GrpcCaller implements Caller {
  readonly deadlineMs: number;
  readonly #metadata: grpc.Metadata;

  constructor(call: CallOfGrpc) {
    this.deadlineMs = Number(call.getDeadline());
    this.#metadata = call.metadata;
  }

  header(key: string): string | undefined {
    return this.#metadata.get(key)[0]?.toString();
  }
}

class GrpcCall extends GrpcCaller implements UnaryCall {
  owner: CallOwner | undefined;
  readonly #call: grpc.ServerUnaryCall<Uint8Array, Uint8Array>;
  readonly #callback: grpc.sendUnaryData<Uint8Array>;

  constructor(
    call: grpc.ServerUnaryCall<Uint8Array, Uint8Array>,
    callback: grpc.sendUnaryData<Uint8Array>,
  ) {
    super(call);
    this.#call = call;
    this.#callback = callback;
    call.on("cancelled", () => this.owner?.gone());
  }

  releaseRequest(): void {
    // Its memory is not ours to use again.
  }

  reply(message: Uint8Array, { headers, trailers }: ReplyMetadata): Failure | undefined {
    if (this.#call.cancelled) return new Failure("cancelled", "the caller has gone");
    const refusal = refusesReplyOf(this.#call);
    if (refusal !== undefined) return refusal;
    const metadata = new grpc.Metadata();
    for (let at = 0; at < headers.length; at += 2) {
      metadata.set(headers[at] ?? "", headers[at + 1] ?? "");
    }
    this.#call.sendMetadata(metadata);
    this.#callback(null, message, trailers === undefined ? undefined : metadataOf(trailers));
    return undefined;
  }

  refuse(status: StatusReply): void {
    this.#callback(status);
  }
}

function metadataOf(entries: Readonly<Record<string, string>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(entries)) metadata.set(key, value);
  return metadata;
}
