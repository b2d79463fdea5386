import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ConnectRequestSchema, ConnectResponseSchema } from "#gen/sluice/link/v1/link_pb.ts";
import {
  decodeGatewayFrames,
  encodeWorkerControl,
  encodeWorkerFrames,
  type GatewayFrame,
} from "./worker-link.ts";

function decoded(bytes: Uint8Array): GatewayFrame[] {
  const frames: GatewayFrame[] = [];
  decodeGatewayFrames(bytes, (frame) => frames.push(frame));
  return frames;
}

test("frames of one turn travel in one message, in order", () => {
  const payload = Uint8Array.of(1, 2);
  const bytes = encodeWorkerFrames([
    { kind: "control", frame: encodeWorkerControl({ case: "started", value: { ids: [3, 4] } }) },
    { kind: "begin", id: 3, header: { status: 5, message: "no" }, payload, payloadBytes: 2 },
    { kind: "chunk", id: 4, data: payload },
    { kind: "end", id: 4, aborted: true },
  ]);
  const { frames } = fromBinary(ConnectResponseSchema, Uint8Array.from(bytes));
  expect(frames.map(({ kind }) => kind)).toMatchObject([
    { case: "started", value: { ids: [3, 4] } },
    { case: "replyBegin", value: { id: 3, status: 5, message: "no", payload, payloadBytes: 2n } },
    { case: "replyChunk", value: { id: 4, data: payload } },
    { case: "replyEnd", value: { id: 4, aborted: true } },
  ]);
});

test("reads every other frame of a gateway", () => {
  const message = create(ConnectRequestSchema, {
    frames: [
      { kind: { case: "hello", value: { instance: "g", cluster: "c" } } },
      { kind: { case: "requestChunk", value: { id: 1, data: Uint8Array.of(5) } } },
      { kind: { case: "requestEnd", value: { id: 1, aborted: true } } },
      { kind: { case: "cancel", value: { ids: [7, 70_000] } } },
      { kind: { case: "credit", value: { chunkBytes: 3n } } },
      { kind: { case: "keep", value: { predictionId: Uint8Array.of(9), reason: "slow" } } },
      { kind: { case: "goodbye", value: { reason: "r" } } },
    ],
  });
  expect(decoded(toBinary(ConnectRequestSchema, message))).toMatchObject([
    { case: "hello", value: { instance: "g", cluster: "c" } },
    { case: "requestChunk", value: { id: 1, data: Uint8Array.of(5) } },
    { case: "requestEnd", value: { id: 1, aborted: true } },
    { case: "cancel", value: { ids: [7, 70_000] } },
    { case: "credit", value: { requests: 0, requestBytes: 0, chunkBytes: 3 } },
    { case: "keep", value: { predictionId: Uint8Array.of(9), reason: "slow" } },
    { case: "goodbye", value: { reason: "r" } },
  ]);
});

test("passes over what a later version may have added, wherever it is", () => {
  const unknown = Uint8Array.of(
    0x82,
    0x01,
    2,
    7,
    7,
    0x88,
    0x01,
    0xff,
    0x01,
    0x8d,
    0x01,
    1,
    2,
    3,
    4,
  );
  const within = (field: number, ...parts: readonly Uint8Array[]) => {
    const inner = Buffer.concat(parts);
    return Buffer.concat([Uint8Array.of((field << 3) | 2, inner.byteLength), inner]);
  };
  const trace = within(10, Uint8Array.of(40, 1), unknown);
  const begin = within(2, Uint8Array.of(8, 5), unknown, trace);
  const message = Buffer.concat([unknown, within(1, unknown), within(1, begin, unknown), unknown]);
  expect(decoded(message)).toMatchObject([
    { case: "requestBegin", value: { id: 5, trace: { flags: 1 } } },
  ]);
});
