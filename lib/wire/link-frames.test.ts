import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { decodeWorkerFrames, encodeGatewayFrames } from "./gateway-link.ts";
import { decodeGatewayFrames, encodeWorkerFrames } from "./worker-link.ts";

const decoders = [
  (bytes: Uint8Array, take: () => void) => decodeWorkerFrames(bytes, take),
  (bytes: Uint8Array, take: () => void) => decodeGatewayFrames(bytes, take),
];

/** Decodes with both; how many frames were taken, and what it ended with. */
function outcomes(bytes: Uint8Array) {
  return decoders.map((decode) => {
    let frames = 0;
    try {
      decode(bytes, () => {
        frames += 1;
      });
      return { frames, failure: undefined };
    } catch (failure) {
      expect(failure).toBeInstanceOf(Failure);
      expect(failure).toMatchObject({ code: "invalid-argument" });
      return { frames, failure };
    }
  });
}

const ids = { predictionId: new Uint8Array(16), model: "wine", version: 2, attempt: 1 };
const trace = {
  traceId: new Uint8Array(16).fill(1),
  serverSpanId: new Uint8Array(8).fill(2),
  attemptSpanId: new Uint8Array(8).fill(3),
  runSpanId: new Uint8Array(8).fill(4),
  flags: 1,
};
const timings = { decodeUs: 1, queueUs: 2, runUs: 3, encodeUs: 4, totalUs: 10 };
const batch = { rows: 8, requests: 8, closedBy: "idle", spanId: new Uint8Array(8).fill(5) };
const payload = new Uint8Array(300).fill(7);
const messages = [
  encodeGatewayFrames([
    { kind: "begin", id: 1, header: { ...ids, trace }, payload, payloadBytes: 300 },
    { kind: "chunk", id: 2, data: payload },
    { kind: "end", id: 2, aborted: true },
  ]),
  encodeWorkerFrames([
    {
      ...{ kind: "begin", id: 1, payload, payloadBytes: 300 },
      header: { timings, batch, rowsFailed: 1, rows: 1, rowsAnswered: 9 },
    },
    { kind: "chunk", id: 2, data: payload },
  ]),
];

it("refuses a message that is cut short, wherever, unless between frames", () => {
  for (const message of messages) {
    for (let end = 0; end < message.byteLength; end += 1) {
      for (const { frames, failure } of outcomes(message.subarray(0, end))) {
        if (failure === undefined) expect(frames).toBeLessThan(3);
      }
    }
  }
});

it("survives bytes that were changed, wherever", () => {
  const change = fc.record({ at: fc.nat(2_000), to: fc.nat(255) });
  const property = fc.property(
    fc.constantFrom(...messages),
    fc.array(change, { minLength: 1, maxLength: 5 }),
    (message, changes) => {
      const bytes = Uint8Array.from(message);
      for (const { at, to } of changes) bytes[at % bytes.byteLength] = to;
      outcomes(bytes);
    },
  );
  void fc.assert(property, { numRuns: 2_000 });
});

it("survives garbage", () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void outcomes(bytes)),
    { numRuns: 5_000 },
  );
});

it.each<[string, readonly number[], RegExp]>([
  ["a length of two gigabytes", [0x0a, 0x80, 0x80, 0x80, 0x80, 0x08], /2147483648 bytes announced/],
  ["an inner one", [0x0a, 0x06, 0x12, 0xff, 0xff, 0xff, 0xff, 0x07], /announced/],
  ["a length beyond the frame's end", [0x0a, 0x02, 0x12, 0x05, 8, 1, 8, 1], /5 bytes announced/],
  ["another wire type", [0x0a, 0x02, 0x10, 0x05], /wire type 0, expected 2/],
  ["an id of 70 bits", [0x0a, 0x0d, 0x12, 0x0b, 8, ...Array(9).fill(0xff), 0x01], /53 bits/],
  ["groups in groups", [0x0a, 40, ...Array(40).fill(0x83)], /deeper than 16|more than 10 bytes/],
])("refuses %s", (_, bytes, message) => {
  for (const { failure } of outcomes(Uint8Array.from(bytes))) {
    expect(String(failure)).toMatch(message);
  }
});

it("does not let a byte on the wire become an object each", () => {
  const count = 70_000;
  const inIds = Buffer.concat([
    Uint8Array.of(0x0a, ...varint(count + 8), 0x2a, ...varint(count + 4), 0x0a, ...varint(count)),
    Buffer.alloc(count, 1),
  ]);
  for (const { failure } of outcomes(inIds)) expect(String(failure)).toMatch(/more than 65536/);
  const empty = Buffer.concat(Array.from({ length: count }, () => Uint8Array.of(0x0a, 0)));
  for (const { frames } of outcomes(empty)) expect(frames).toBe(0);
});

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left >>>= 7) bytes.push((left & 127) | 128);
  return [...bytes, left];
}

it("keeps none of Node's buffer pool alive", () => {
  for (const message of messages) expect(message.buffer.byteLength).toBe(message.byteLength);
});
