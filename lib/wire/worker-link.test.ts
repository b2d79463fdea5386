import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ConnectRequestSchema, ConnectResponseSchema } from "#gen/sluice/link/v1/link_pb.ts";
import { controlBytes, decodeGatewayFrames, encodeWorkerFrames } from "./worker-link.ts";

test("frames of one turn travel in one message, in order", () => {
  const payload = Uint8Array.of(1, 2);
  const bytes = encodeWorkerFrames([
    { kind: "control", frame: { case: "started", value: { ids: [3, 4] } } },
    { kind: "begin", id: 3, header: { status: 5, message: "no" }, payload, payloadBytes: 2 },
    { kind: "chunk", id: 4, data: payload },
    { kind: "end", id: 4, aborted: true },
  ]);
  const { frames } = fromBinary(ConnectResponseSchema, bytes);
  expect(frames.map(({ kind }) => kind)).toMatchObject([
    { case: "started", value: { ids: [3, 4] } },
    { case: "replyBegin", value: { id: 3, status: 5, message: "no", payload, payloadBytes: 2n } },
    { case: "replyChunk", value: { id: 4, data: payload } },
    { case: "replyEnd", value: { id: 4, aborted: true } },
  ]);
});

test("reads the frames a gateway sends", () => {
  const message = create(ConnectRequestSchema, {
    frames: [{ kind: { case: "cancel", value: { ids: [7] } } }],
  });
  const [frame] = decodeGatewayFrames(toBinary(ConnectRequestSchema, message));
  expect(frame?.kind).toMatchObject({ case: "cancel", value: { ids: [7] } });
  expect(() => decodeGatewayFrames(Uint8Array.of(10, 9))).toThrow("not a ConnectRequest");
});

test("knows the size of a control frame", () => {
  expect(controlBytes({ case: "goodbye", value: { reason: "x".repeat(100) } })).toBe(104);
});
