import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { ConnectRequestSchema, Method, Role } from "#gen/sluice/link/v1/link_pb.ts";
import { encodeGatewayFrames } from "./gateway-link.ts";
import { decodeGatewayFrames, type GatewayFrame } from "./worker-link.ts";

const methods = [Method.UNSPECIFIED, Method.MODEL_INFER, Method.PREDICT];
const roles = [Role.UNSPECIFIED, Role.PRIMARY, Role.HEDGE, Role.SHADOW];
const uint32 = fc.nat(2 ** 32 - 1);
const uint53 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));
const bytesOf = (maxLength: number) => fc.uint8Array({ maxLength });
const text = fc.string({ unit: "grapheme", maxLength: 50 });

const request = fc.record({
  id: uint32,
  predictionId: bytesOf(16),
  method: fc.constantFrom(...methods),
  model: text,
  version: uint32,
  deadlineMs: uint32,
  attempt: uint32,
  role: fc.constantFrom(...roles),
  alone: fc.boolean(),
  trace: fc.option(
    fc.record({
      traceId: bytesOf(16),
      serverSpanId: bytesOf(8),
      attemptSpanId: bytesOf(8),
      runSpanId: bytesOf(8),
      flags: uint32,
    }),
    { nil: undefined },
  ),
  payloadBytes: uint53,
  payload: bytesOf(300),
  gatewayWaitUs: uint53,
  priority: uint32,
  bulk: fc.boolean(),
});

type Request = typeof request extends fc.Arbitrary<infer Value> ? Value : never;

/** The same in the generated code's terms. */
function generated(requests: readonly Request[]) {
  const frames = requests.map(({ payloadBytes, gatewayWaitUs, trace, ...rest }) => ({
    kind: {
      case: "requestBegin" as const,
      value: {
        ...rest,
        ...(trace && { trace }),
        payloadBytes: BigInt(payloadBytes),
        gatewayWaitUs: BigInt(gatewayWaitUs),
      },
    },
  }));
  return create(ConnectRequestSchema, { frames });
}

it("is written as the generated code reads it", () => {
  const property = fc.property(fc.array(request), (requests) => {
    const bytes = encodeGatewayFrames(
      requests.map(({ id, payload, payloadBytes, ...header }) => {
        return { kind: "begin", id, payload, payloadBytes, header };
      }),
    );
    expect(fromBinary(ConnectRequestSchema, Uint8Array.from(bytes))).toEqual(generated(requests));
  });
  void fc.assert(property);
});

it("is read as the generated code writes it", () => {
  const property = fc.property(fc.array(request), (requests) => {
    const frames: GatewayFrame[] = [];
    const bytes = toBinary(ConnectRequestSchema, generated(requests));
    decodeGatewayFrames(bytes, (frame) => frames.push(frame));
    expect(frames).toEqual(requests.map((value) => ({ case: "requestBegin", value })));
  });
  void fc.assert(property);
});
