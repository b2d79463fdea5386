import {
  create,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { Failure } from "#core/failure.ts";
import { metadataKey } from "#wire/metadata.ts";
import { toStatusCode } from "#wire/status.ts";

/** What a handler ends a call with. */
export type StatusReply = {
  readonly code: number;
  readonly details: string;
  readonly metadata: grpc.Metadata;
};

/** A status message travels as one HTTP/2 header, which clients limit to some kilobytes. */
const detailsLengthMax = 2_000;

/**
 * A failure as a status; `metadata` is sent along, with when to try again added where that is
 * known.
 */
export function toStatusReply(
  failure: Failure,
  metadata: grpc.Metadata = new grpc.Metadata(),
): StatusReply {
  if (failure.retryAfterMs !== undefined) {
    metadata.set(metadataKey.retryPushback, String(Math.ceil(failure.retryAfterMs)));
  }
  const details = failure.message.slice(0, detailsLengthMax).toWellFormed();
  return { code: toStatusCode(failure.code), details, metadata };
}

type Answer<Method extends DescMethodUnary> = (
  request: MessageShape<Method["input"]>,
  metadata: grpc.Metadata,
) => MessageInitShape<Method["output"]> | Promise<MessageInitShape<Method["output"]>>;

/**
 * The handler of a unary method, from what answers or throws a Failure; anything else thrown is
 * internal.
 */
export function unaryHandler<Method extends DescMethodUnary>(
  method: Method,
  answer: Answer<Method>,
): grpc.handleUnaryCall<MessageShape<Method["input"]>, MessageShape<Method["output"]>> {
  const output: Method["output"] = method.output;
  return async (call, callback) => {
    try {
      callback(null, create(output, await answer(call.request, call.metadata)));
    } catch (error) {
      callback(toStatusReply(Failure.from(error)));
    }
  };
}
