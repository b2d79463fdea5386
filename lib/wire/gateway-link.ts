/** The gateway's side of a link: what it writes and reads. The worker's is in `worker-link.ts`. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { OutboxFrame } from "#core/link/outbox.ts";
import {
  GatewayFrameSchema,
  type Goodbye,
  GoodbyeSchema,
  type Load,
  LoadSchema,
  type WorkerHello,
  WorkerHelloSchema,
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
import { type ReplyBegin, readReplyBegin } from "./reply-begin.ts";
import { type RequestHeader, requestBegin } from "./request-begin.ts";

type GatewayFrameKind = NonNullable<MessageInitShape<typeof GatewayFrameSchema>["kind"]>;

/** What a gateway sends that carries no payload. */
export type GatewayControl =
  | { readonly case: "cancel"; readonly value: Ids }
  | { readonly case: "credit"; readonly value: CreditInit }
  | Extract<GatewayFrameKind, { readonly case: "hello" | "keep" | "goodbye" }>;

/** What a worker says. */
export type WorkerFrame =
  | { readonly case: "hello"; readonly value: WorkerHello }
  | { readonly case: "replyBegin"; readonly value: ReplyBegin }
  | { readonly case: "replyChunk"; readonly value: Chunk }
  | { readonly case: "replyEnd"; readonly value: End }
  | { readonly case: "started"; readonly value: Ids }
  | { readonly case: "credit"; readonly value: Credit }
  | { readonly case: "load"; readonly value: Load }
  | { readonly case: "goodbye"; readonly value: Goodbye };

/** A frame for the outbox. */
export function encodeGatewayControl(control: GatewayControl): ControlFrame {
  if (control.case === "cancel") return idsFrame(control.value);
  if (control.case === "credit") return creditFrame(control.value);
  return toBinary(GatewayFrameSchema, create(GatewayFrameSchema, { kind: control }));
}

/** One ConnectRequest with these frames, in order; see `encodeFrames` for where it is written. */
export function encodeGatewayFrames(
  frames: readonly OutboxFrame<ControlFrame, RequestHeader>[],
  memory?: MessageMemory,
): Uint8Array {
  return encodeFrames(frames, requestBegin, memory);
}

/**
 * Gives each frame of one ConnectResponse to `take`, in order; those of later versions are passed
 * over. Payloads are views of the message. Throws an invalid-argument Failure where the message
 * stops making sense, when what was before has been taken.
 */
export function decodeWorkerFrames(bytes: Uint8Array, take: (frame: WorkerFrame) => void): void {
  const cursor = new Cursor(bytes, "the ConnectResponse is not a valid protobuf message");
  readFrames(cursor, (frame) => {
    const read = readFrame(frame);
    if (read !== undefined) take(read);
  });
}

function readFrame(cursor: Cursor): WorkerFrame | undefined {
  switch (cursor.number) {
    case frameNumber.hello:
      return { case: "hello", value: readRare(WorkerHelloSchema, cursor) };
    case frameNumber.begin:
      return { case: "replyBegin", value: readReplyBegin(cursor) };
    case frameNumber.chunk:
      return { case: "replyChunk", value: readChunk(cursor) };
    case frameNumber.end:
      return { case: "replyEnd", value: readEnd(cursor) };
    case frameNumber.ids:
      return { case: "started", value: readIds(cursor) };
    case frameNumber.credit:
      return { case: "credit", value: readCredit(cursor) };
    case frameNumber.load:
      return { case: "load", value: readRare(LoadSchema, cursor) };
    case frameNumber.goodbye:
      return { case: "goodbye", value: readRare(GoodbyeSchema, cursor) };
    default:
      cursor.skip();
      return undefined;
  }
}
