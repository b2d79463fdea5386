import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { Outbox, outboxDefaults } from "#core/link/outbox.ts";
import {
  ConnectRequestSchema,
  ConnectResponseSchema,
  Method,
} from "#gen/sluice/link/v1/link_pb.ts";
import {
  decodeWorkerFrames,
  encodeGatewayControl,
  encodeGatewayFrames,
  type GatewayControl,
  type WorkerFrame,
} from "./gateway-link.ts";
import type { ControlFrame } from "./link-frames.ts";
import type { RequestHeader } from "./request-begin.ts";

function decoded(bytes: Uint8Array): WorkerFrame[] {
  const frames: WorkerFrame[] = [];
  decodeWorkerFrames(bytes, (frame) => frames.push(frame));
  return frames;
}

it("puts frames into one message, in order", () => {
  const payload = Uint8Array.of(1, 2);
  const header = { method: Method.PREDICT, model: "wine", version: 2, deadlineMs: 5 };
  const bytes = encodeGatewayFrames([
    { kind: "control", frame: encodeGatewayControl({ case: "cancel", value: { ids: [9] } }) },
    { kind: "begin", id: 3, header, payload, payloadBytes: 2 },
    { kind: "chunk", id: 4, data: payload },
    { kind: "end", id: 4, aborted: true },
  ]);
  expect(
    fromBinary(ConnectRequestSchema, Uint8Array.from(bytes)).frames.map(({ kind }) => kind),
  ).toMatchObject([
    { case: "cancel", value: { ids: [9] } },
    { case: "requestBegin", value: { ...header, id: 3, payload, payloadBytes: 2n } },
    { case: "requestChunk", value: { id: 4, data: payload } },
    { case: "requestEnd", value: { id: 4, aborted: true } },
  ]);
});

it("writes every other frame as the generated code reads it", () => {
  const controls: GatewayControl[] = [
    { case: "hello", value: { instance: "g", cluster: "c" } },
    { case: "cancel", value: { ids: [0, 127, 128, 2 ** 32 - 1] } },
    { case: "cancel", value: { ids: [] } },
    { case: "credit", value: { requests: 5, chunkBytes: 2 ** 53 - 1 } },
    { case: "keep", value: { predictionId: Uint8Array.of(9), reason: "slow" } },
    { case: "goodbye", value: { reason: "r" } },
  ];
  const frames = controls.map((control) => {
    return { kind: "control", frame: encodeGatewayControl(control) } as const;
  });
  const bytes = Uint8Array.from(encodeGatewayFrames(frames));
  expect(fromBinary(ConnectRequestSchema, bytes).frames.map(({ kind }) => kind)).toMatchObject(
    controls.map((control) =>
      control.case === "credit"
        ? { case: "credit", value: { requests: 5n, requestBytes: 0n, chunkBytes: 2n ** 53n - 1n } }
        : control,
    ),
  );
});

it("reads every other frame of a worker", () => {
  const message = create(ConnectResponseSchema, {
    frames: [
      { kind: { case: "hello", value: { instance: "w", model: "m", version: 3 } } },
      { kind: { case: "replyChunk", value: { id: 1, data: Uint8Array.of(5) } } },
      { kind: { case: "replyEnd", value: { id: 1, aborted: true } } },
      { kind: { case: "started", value: { ids: [1, 300, 70_000] } } },
      { kind: { case: "credit", value: { requests: 1n, requestBytes: 2n, chunkBytes: 3n } } },
      { kind: { case: "load", value: { inFlight: 4 } } },
      { kind: { case: "goodbye", value: { reason: "r" } } },
    ],
  });
  expect(decoded(toBinary(ConnectResponseSchema, message))).toMatchObject([
    { case: "hello", value: { instance: "w", model: "m", version: 3 } },
    { case: "replyChunk", value: { id: 1, data: Uint8Array.of(5) } },
    { case: "replyEnd", value: { id: 1, aborted: true } },
    { case: "started", value: { ids: [1, 300, 70_000] } },
    { case: "credit", value: { requests: 1, requestBytes: 2, chunkBytes: 3 } },
    { case: "load", value: { inFlight: 4 } },
    { case: "goodbye", value: { reason: "r" } },
  ]);
});

it("stays within what the outbox takes a header and a message for, at their largest", () => {
  const bytes = (count: number) => new Uint8Array(count).fill(255);
  const largest: RequestHeader = {
    predictionId: bytes(16),
    method: Method.MODEL_INFER,
    model: "m".repeat(64),
    version: 2 ** 31 - 1,
    deadlineMs: 2 ** 32 - 1,
    attempt: 9,
    role: 1,
    alone: true,
    trace: {
      traceId: bytes(16),
      serverSpanId: bytes(8),
      attemptSpanId: bytes(8),
      runSpanId: bytes(8),
      flags: 1,
    },
    gatewayWaitUs: Number.MAX_SAFE_INTEGER,
    priority: 2 ** 32 - 1,
    bulk: true,
  };
  const outbox = new Outbox<ControlFrame, RequestHeader>();
  for (let id = 1; id < 20; id += 1) {
    outbox.begin({ id, header: largest, payload: bytes(32 * 1024 - id) });
  }
  outbox.begin({ id: 99, header: largest, payload: bytes(10_000_000) });
  for (let frames = outbox.take(); frames.length > 0; frames = outbox.take()) {
    const message = encodeGatewayFrames(frames);
    expect(message.byteLength).toBeLessThanOrEqual(outboxDefaults.messageBytesMax);
  }
});
