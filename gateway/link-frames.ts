import type { OutboxFrame } from "#core/link/outbox.ts";
import { Method, Role } from "#gen/sluice/link/v1/link_pb.ts";
import { smallBuffer } from "#platform/small-buffers.ts";
import { encodeGatewayFrames } from "#wire/gateway-link.ts";
import type { ControlFrame, MessageMemory } from "#wire/link-frames.ts";
import type { ReplyBegin } from "#wire/reply-begin.ts";
import type { RequestHeader } from "#wire/request-begin.ts";
import { statusCode } from "#wire/status.ts";
import { type Attempt, markLeft, type WorkerReply } from "./exchange.ts";

/** Encodes a message that leaves now: deadlines and waits are what they are at this moment. */
export function encodeLeaving(
  frames: readonly OutboxFrame<ControlFrame, Attempt>[],
  nowMs: number,
  memory: MessageMemory,
): Uint8Array {
  const now = frames.map((frame) => leaving(frame, nowMs));
  return encodeGatewayFrames(now, memory);
}

function leaving(
  frame: OutboxFrame<ControlFrame, Attempt>,
  nowMs: number,
): OutboxFrame<ControlFrame, RequestHeader> {
  if (frame.kind !== "begin") return frame;
  const { kind, id, header: attempt, payload, payloadBytes } = frame;
  markLeft(attempt, nowMs);
  return { kind, id, header: toHeader(attempt, nowMs), payload, payloadBytes };
}

/** A payload that came within its beginning is copied, since the memory of messages is reused. */
export function toReply(header: ReplyBegin, received: Uint8Array): WorkerReply {
  const payload = header.payload === received ? copyOf(received) : received;
  const { status, message, rows, rowsFailed, timings, batch } = header;
  return { status, message, payload, rows, rowsFailed, timings, batch };
}

function copyOf(payload: Uint8Array): Uint8Array {
  const copy = smallBuffer(payload.byteLength);
  copy.set(payload);
  return copy;
}

/** Stands for a reply whose end said that the worker gave it up. */
export const abortedReply: WorkerReply = {
  status: statusCode.internal,
  message: "the worker gave up its reply half-way",
  payload: new Uint8Array(),
  rows: 0,
  rowsFailed: 0,
  timings: undefined,
  batch: undefined,
};

function toHeader(attempt: Attempt, nowMs: number): RequestHeader {
  const { exchange, number, isAlone, spanId, runSpanId } = attempt;
  const { arrivedMs, trace } = exchange.request;
  const { predictionId, traceId, serverSpanId, isSampled } = trace;
  return {
    predictionId,
    method: exchange.method === "Predict" ? Method.PREDICT : Method.MODEL_INFER,
    model: exchange.ref.model,
    version: exchange.ref.version,
    // 0 would mean that there is none.
    deadlineMs: Math.max(1, Math.ceil(exchange.deadlineMs - nowMs)),
    attempt: number,
    role: Role.PRIMARY,
    alone: isAlone,
    priority: exchange.priority,
    bulk: exchange.isBulk,
    trace: { traceId, serverSpanId, attemptSpanId: spanId, runSpanId, flags: isSampled ? 1 : 0 },
    gatewayWaitUs: Math.max(0, Math.round((nowMs - arrivedMs) * 1_000)),
  };
}
