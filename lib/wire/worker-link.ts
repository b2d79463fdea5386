/** The worker's side of a link: what it writes and reads. The gateway's is in `gateway-link.ts`. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { OutboxFrame } from "#core/link/outbox.ts";
import {
  type GatewayHello,
  GatewayHelloSchema,
  type Goodbye,
  GoodbyeSchema,
  type Keep,
  KeepSchema,
  WorkerFrameSchema,
} from "#gen/sluice/link/v1/link_pb.ts";
import { Cursor } from "./cursor.ts";
import {
  type Chunk,
  type ControlFrame,
  type Credit,
  type CreditInit,
  creditFrame,
  type End,
  encodeFrames,
  frameNumber,
  type Ids,
  idsFrame,
  type MessageMemory,
  readChunk,
  readCredit,
  readEnd,
  readFrames,
  readIds,
  readRare,
} from "./link-frames.ts";
import { type ReplyHeader, replyBegin } from "./reply-begin.ts";
import { type RequestBegin, readRequestBegin } from "./request-begin.ts";

type WorkerFrameKind = NonNullable<MessageInitShape<typeof WorkerFrameSchema>["kind"]>;

/** What a worker sends that carries no payload. */
export type WorkerControl =
  | { readonly case: "started"; readonly value: Ids }
  | { readonly case: "credit"; readonly value: CreditInit }
  | Extract<WorkerFrameKind, { readonly case: "hello" | "load" | "goodbye" }>;

/** What a gateway says. */
export type GatewayFrame =
  | { readonly case: "hello"; readonly value: GatewayHello }
  | { readonly case: "requestBegin"; readonly value: RequestBegin }
  | { readonly case: "requestChunk"; readonly value: Chunk }
  | { readonly case: "requestEnd"; readonly value: End }
  | { readonly case: "cancel"; readonly value: Ids }
  | { readonly case: "credit"; readonly value: Credit }
  | { readonly case: "keep"; readonly value: Keep }
  | { readonly case: "goodbye"; readonly value: Goodbye };

/** A frame for the outbox. */
export function encodeWorkerControl(control: WorkerControl): ControlFrame {
  if (control.case === "started") return idsFrame(control.value);
  if (control.case === "credit") return creditFrame(control.value);
  return toBinary(WorkerFrameSchema, create(WorkerFrameSchema, { kind: control }));
}

/** One ConnectResponse with these frames, in order. */
export function encodeWorkerFrames(
  frames: readonly OutboxFrame<ControlFrame, ReplyHeader>[],
  memory?: MessageMemory,
): Uint8Array {
  return encodeFrames(frames, replyBegin, memory);
}

/**
 * Gives each frame of one ConnectRequest to `take`, in order; those of later versions are passed
 * over. Ids and payloads are views of the message. Throws an invalid-argument Failure where the
 * message stops making sense, when what was before has been taken.
 */
export function decodeGatewayFrames(bytes: Uint8Array, take: (frame: GatewayFrame) => void): void {
  const cursor = new Cursor(bytes, "the ConnectRequest is not a valid protobuf message");
  readFrames(cursor, (frame) => {
    const read = readFrame(frame);
    if (read !== undefined) take(read);
  });
}

function readFrame(cursor: Cursor): GatewayFrame | undefined {
  switch (cursor.number) {
    case frameNumber.hello:
      return { case: "hello", value: readRare(GatewayHelloSchema, cursor) };
    case frameNumber.begin:
      return { case: "requestBegin", value: readRequestBegin(cursor) };
    case frameNumber.chunk:
      return { case: "requestChunk", value: readChunk(cursor) };
    case frameNumber.end:
      return { case: "requestEnd", value: readEnd(cursor) };
    case frameNumber.ids:
      return { case: "cancel", value: readIds(cursor) };
    case frameNumber.credit:
      return { case: "credit", value: readCredit(cursor) };
    case frameNumber.keep:
      return { case: "keep", value: readRare(KeepSchema, cursor) };
    case frameNumber.goodbye:
      return { case: "goodbye", value: readRare(GoodbyeSchema, cursor) };
    default:
      cursor.skip();
      return undefined;
  }
}
