import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ConnectResponseSchema } from "#gen/sluice/link/v1/link_pb.ts";
import { decodeWorkerFrames, type WorkerFrame } from "./gateway-link.ts";
import type { ReplyBegin } from "./reply-begin.ts";
import { encodeWorkerFrames } from "./worker-link.ts";

const uint32 = fc.nat(2 ** 32 - 1);
const uint53 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const bytesOf = (maxLength: number) => fc.uint8Array({ maxLength });
const text = fc.string({ unit: "grapheme", maxLength: 50 });
const timings = fc.record({
  decodeUs: uint32,
  queueUs: uint32,
  runUs: uint32,
  encodeUs: uint32,
  totalUs: uint32,
});
const batch = fc.record({ rows: uint32, requests: uint32, closedBy: text, spanId: bytesOf(8) });

const reply = fc.record({
  id: uint32,
  status: uint32,
  message: text,
  timings: fc.option(timings, { nil: undefined }),
  batch: fc.option(batch, { nil: undefined }),
  payloadBytes: uint53,
  payload: bytesOf(300),
  rowsAnswered: uint53,
  rows: uint32,
  rowsFailed: uint32,
});

/** The same in the generated code's terms. */
function generated(replies: readonly ReplyBegin[]) {
  const frames = replies.map(({ payloadBytes, rowsAnswered, timings, batch, ...rest }) => ({
    kind: {
      case: "replyBegin" as const,
      value: {
        ...rest,
        ...(timings && { timings }),
        ...(batch && { batch }),
        payloadBytes: BigInt(payloadBytes),
        rowsAnswered: BigInt(rowsAnswered),
      },
    },
  }));
  return create(ConnectResponseSchema, { frames });
}

it("is written as the generated code reads it", () => {
  const property = fc.property(fc.array(reply), (replies) => {
    const bytes = encodeWorkerFrames(
      replies.map(({ id, payload, payloadBytes, ...header }) => {
        return { kind: "begin", id, payload, payloadBytes, header };
      }),
    );
    expect(fromBinary(ConnectResponseSchema, Uint8Array.from(bytes))).toEqual(generated(replies));
  });
  void fc.assert(property);
});

it("is read as the generated code writes it", () => {
  const property = fc.property(fc.array(reply), (replies) => {
    const frames: WorkerFrame[] = [];
    const bytes = toBinary(ConnectResponseSchema, generated(replies));
    decodeWorkerFrames(bytes, (frame) => frames.push(frame));
    expect(frames).toEqual(replies.map((value) => ({ case: "replyBegin", value })));
  });
  void fc.assert(property);
});
