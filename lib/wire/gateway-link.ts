/** The gateway's side of a link: what it writes and reads. The worker's is in `worker-link.ts`. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import type { OutboxFrame } from "#core/link/outbox.ts";
import {
  ConnectRequestSchema,
  ConnectResponseSchema,
  GatewayFrameSchema,
  type RequestBeginSchema,
  type WorkerFrame,
} from "#gen/sluice/link/v1/link_pb.ts";

export type GatewayFrameInit = MessageInitShape<typeof GatewayFrameSchema>;

/** What a gateway sends that carries no payload. */
export type GatewayControl = Extract<
  NonNullable<GatewayFrameInit["kind"]>,
  { readonly case: "hello" | "cancel" | "credit" | "keep" | "goodbye" }
>;

/** A request without its id and payload, which the outbox knows. */
export type RequestHeader = Omit<
  MessageInitShape<typeof RequestBeginSchema>,
  "$typeName" | "id" | "payload" | "payloadBytes"
>;

/** Encoded size of a control frame. */
export function gatewayControlBytes(control: GatewayControl): number {
  return toBinary(GatewayFrameSchema, create(GatewayFrameSchema, { kind: control })).byteLength;
}

/** One ConnectRequest with these frames, in order. */
export function encodeGatewayFrames(
  frames: readonly OutboxFrame<GatewayControl, RequestHeader>[],
): Uint8Array {
  const message = create(ConnectRequestSchema, { frames: frames.map(toFrame) });
  return toBinary(ConnectRequestSchema, message);
}

/** The frames of one ConnectResponse. Throws an invalid-argument Failure. */
export function decodeWorkerFrames(bytes: Uint8Array): readonly WorkerFrame[] {
  try {
    return fromBinary(ConnectResponseSchema, bytes, { readUnknownFields: false }).frames;
  } catch (error) {
    const problem = `the message is not a ConnectResponse: ${messageOf(error)}`;
    throw new Failure("invalid-argument", problem, { cause: error });
  }
}

function toFrame(frame: OutboxFrame<GatewayControl, RequestHeader>): GatewayFrameInit {
  switch (frame.kind) {
    case "control":
      return { kind: frame.frame };
    case "begin": {
      const { id, header, payload } = frame;
      const payloadBytes = BigInt(frame.payloadBytes);
      return { kind: { case: "requestBegin", value: { ...header, id, payload, payloadBytes } } };
    }
    case "chunk":
      return { kind: { case: "requestChunk", value: { id: frame.id, data: frame.data } } };
    case "end":
      return { kind: { case: "requestEnd", value: { id: frame.id, aborted: frame.aborted } } };
  }
}
