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
  encodeGatewayFrames,
  type GatewayControl,
  gatewayControlBytes,
  type RequestHeader,
} from "./gateway-link.ts";

it("puts frames into one message, in order", () => {
  const payload = Uint8Array.of(1, 2);
  const header = { method: Method.PREDICT, model: "wine", version: 2, deadlineMs: 5 };
  const bytes = encodeGatewayFrames([
    { kind: "control", frame: { case: "cancel", value: { ids: [9] } } },
    { kind: "begin", id: 3, header, payload, payloadBytes: 2 },
    { kind: "chunk", id: 4, data: payload },
    { kind: "end", id: 4, aborted: true },
  ]);
  expect(fromBinary(ConnectRequestSchema, bytes).frames.map(({ kind }) => kind)).toMatchObject([
    { case: "cancel", value: { ids: [9] } },
    { case: "requestBegin", value: { ...header, id: 3, payload, payloadBytes: 2n } },
    { case: "requestChunk", value: { id: 4, data: payload } },
    { case: "requestEnd", value: { id: 4, aborted: true } },
  ]);
});

it("reads the frames a worker sends", () => {
  const message = create(ConnectResponseSchema, {
    frames: [{ kind: { case: "started", value: { ids: [7] } } }],
  });
  const [frame] = decodeWorkerFrames(toBinary(ConnectResponseSchema, message));
  expect(frame?.kind).toMatchObject({ case: "started", value: { ids: [7] } });
  expect(() => decodeWorkerFrames(Uint8Array.of(10, 9))).toThrow("not a ConnectResponse");
});

it("knows the size of a control frame", () => {
  expect(gatewayControlBytes({ case: "goodbye", value: { reason: "x".repeat(100) } })).toBe(104);
});

it("stays within what the outbox takes a header and a message for, at their largest", () => {
  const bytes = (count: number) => new Uint8Array(count).fill(255);
  const header: RequestHeader = {
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
    gatewayWaitUs: 2n ** 63n,
  };
  const outbox = new Outbox<GatewayControl, RequestHeader>();
  for (let id = 1; id < 20; id += 1) outbox.begin({ id, header, payload: bytes(32 * 1024 - id) });
  outbox.begin({ id: 99, header, payload: bytes(10_000_000) });
  for (let frames = outbox.take(); frames.length > 0; frames = outbox.take()) {
    const message = encodeGatewayFrames(frames);
    expect(message.byteLength).toBeLessThanOrEqual(outboxDefaults.messageBytesMax);
  }
});
