/** The worker's side of a link: what it writes and reads. The gateway's is in `gateway-link.ts`. */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Failure, messageOf } from "#core/failure.ts";
import type { OutboxFrame } from "#core/link/outbox.ts";
import {
  ConnectRequestSchema,
  ConnectResponseSchema,
  type GatewayFrame,
  type ReplyBeginSchema,
  WorkerFrameSchema,
} from "#gen/sluice/link/v1/link_pb.ts";

export type WorkerFrameInit = MessageInitShape<typeof WorkerFrameSchema>;

/** What a worker sends that carries no payload. */
export type WorkerControl = Extract<
  NonNullable<WorkerFrameInit["kind"]>,
  { readonly case: "hello" | "started" | "credit" | "load" | "goodbye" }
>;

/** A reply without its id and payload, which the outbox knows. */
export type ReplyHeader = Omit<
  MessageInitShape<typeof ReplyBeginSchema>,
  "$typeName" | "id" | "payload" | "payloadBytes"
>;

/** Encoded size of a control frame. */
export function controlBytes(control: WorkerControl): number {
  return toBinary(WorkerFrameSchema, create(WorkerFrameSchema, { kind: control })).byteLength;
}

/** One ConnectResponse with these frames, in order. */
export function encodeWorkerFrames(
  frames: readonly OutboxFrame<WorkerControl, ReplyHeader>[],
): Uint8Array {
  const message = create(ConnectResponseSchema, { frames: frames.map(toFrame) });
  return toBinary(ConnectResponseSchema, message);
}

/** The frames of one ConnectRequest. Throws an invalid-argument Failure. */
export function decodeGatewayFrames(bytes: Uint8Array): readonly GatewayFrame[] {
  try {
    return fromBinary(ConnectRequestSchema, bytes, { readUnknownFields: false }).frames;
  } catch (error) {
    const problem = `the message is not a ConnectRequest: ${messageOf(error)}`;
    throw new Failure("invalid-argument", problem, { cause: error });
  }
}

function toFrame(frame: OutboxFrame<WorkerControl, ReplyHeader>): WorkerFrameInit {
  switch (frame.kind) {
    case "control":
      return { kind: frame.frame };
    case "begin": {
      const { id, header, payload } = frame;
      const payloadBytes = BigInt(frame.payloadBytes);
      return { kind: { case: "replyBegin", value: { ...header, id, payload, payloadBytes } } };
    }
    case "chunk":
      return { kind: { case: "replyChunk", value: { id: frame.id, data: frame.data } } };
    case "end":
      return { kind: { case: "replyEnd", value: { id: frame.id, aborted: frame.aborted } } };
  }
}
