import * as fc from "fast-check";
import { expect, it } from "vitest";
import { Inbox } from "./inbox.ts";
import { Outbox, type OutboxFrame, outboxDefaults } from "./outbox.ts";

type Frame = OutboxFrame<string, string>;

const options = { chunkBytes: 10, creditBytes: 40, messageBytesMax: 2_000 };

function bytes(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed) % 256);
}

function kinds(frames: readonly Frame[]): string[] {
  return frames.map((frame) => (frame.kind === "control" ? frame.frame : frame.kind));
}

it("has nothing to send at first", () => {
  expect(new Outbox().take()).toEqual([]);
});

it("sends a payload of one chunk inside its beginning", () => {
  const outbox = new Outbox<string, string>(options);
  const payload = bytes(10);
  outbox.begin({ id: 1, header: "h", payload });
  expect(outbox.waitingBytes).toBe(10);
  expect(outbox.take()).toEqual([{ kind: "begin", id: 1, header: "h", payload, payloadBytes: 10 }]);
  expect(outbox.waitingBytes).toBe(0);
});

it("sends control frames before everything else", () => {
  const outbox = new Outbox<string, string>(options);
  outbox.begin({ id: 1, header: "h", payload: bytes(25) });
  outbox.take();
  outbox.begin({ id: 2, header: "h", payload: bytes(1) });
  outbox.control("credit", 20);
  outbox.acknowledge(25);
  expect(kinds(outbox.take())).toEqual(["credit", "begin"]);
});

it("stops sending chunks at the credit and goes on when they are acknowledged", () => {
  const outbox = new Outbox<string, string>(options);
  outbox.begin({ id: 1, header: "h", payload: bytes(60) });
  expect(kinds(outbox.take())).toEqual(["begin", "chunk", "chunk", "chunk", "chunk"]);
  expect(outbox.take()).toEqual([]);
  outbox.acknowledge(10);
  expect(kinds(outbox.take())).toEqual(["chunk"]);
  outbox.acknowledge(10);
  expect(outbox.take()).toEqual([]);
  outbox.acknowledge(1_000);
  expect(kinds(outbox.take())).toEqual(["chunk", "end"]);
});

it("gives large payloads their chunks in turn", () => {
  const outbox = new Outbox<string, string>(options);
  outbox.begin({ id: 1, header: "h", payload: bytes(30) });
  outbox.begin({ id: 2, header: "h", payload: bytes(30) });
  const chunks = outbox.take().filter((frame) => frame.kind === "chunk");
  expect(chunks.map((frame) => frame.id)).toEqual([1, 2, 1, 2]);
});

it("keeps room for a chunk when small payloads would fill every message", () => {
  const outbox = new Outbox<string, string>(options);
  outbox.begin({ id: 1, header: "h", payload: bytes(1_000) });
  outbox.take();
  outbox.acknowledge(40);
  for (let id = 2; id < 100; id += 1) outbox.begin({ id, header: "h", payload: bytes(10) });
  const frames = outbox.take();
  expect(kinds(frames)).toContain("chunk");
  expect(kinds(frames)).toContain("begin");
});

it("tells whether something removed had been begun", () => {
  const outbox = new Outbox<string, string>(options);
  outbox.begin({ id: 1, header: "h", payload: bytes(100) });
  outbox.take();
  outbox.begin({ id: 2, header: "h", payload: bytes(100) });
  expect(outbox.remove(2)).toBe("unsent");
  expect(outbox.remove(1)).toBe("begun");
  expect(outbox.remove(1)).toBe("unknown");
  expect(outbox.waitingBytes).toBe(0);
  expect(outbox.take()).toEqual([{ kind: "end", id: 1, aborted: true }]);
});

it("sends a control frame larger than a message in one of its own", () => {
  const outbox = new Outbox<string, string>(options);
  outbox.control("small", 10);
  outbox.control("large", 5_000);
  outbox.begin({ id: 1, header: "h", payload: bytes(5) });
  expect(kinds(outbox.take())).toEqual(["small"]);
  expect(kinds(outbox.take())).toEqual(["large"]);
  expect(kinds(outbox.take())).toEqual(["begin"]);
});

it("fills messages of 256 KiB and no more under the defaults", () => {
  const outbox = new Outbox<string, string>();
  for (let id = 0; id < 40; id += 1) {
    outbox.begin({ id, header: "h", payload: bytes(outboxDefaults.chunkBytes) });
  }
  let taken = 0;
  for (let frames = outbox.take(); frames.length > 0; frames = outbox.take()) {
    expect(encodedBytes(frames)).toBeLessThanOrEqual(256 * 1024);
    taken += frames.length;
  }
  expect(taken).toBe(40);
});

type Step =
  | { readonly kind: "begin"; readonly length: number }
  | { readonly kind: "control" }
  | { readonly kind: "remove"; readonly pick: number }
  | { readonly kind: "take" }
  | { readonly kind: "acknowledge" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("begin" as const), length: fc.nat(300) }),
  fc.record({ kind: fc.constant("control" as const) }),
  fc.record({ kind: fc.constant("remove" as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant("take" as const) }),
  fc.record({ kind: fc.constant("acknowledge" as const) }),
);

it("delivers every payload whole, in bounded messages, whatever the interleaving", () => {
  void fc.assert(fc.property(fc.array(step, { maxLength: 200 }), everyPayloadArrives));
});

function everyPayloadArrives(steps: readonly Step[]): void {
  const outbox = new Outbox<string, string>(options);
  const inbox = new Inbox<string>({ payloadBytesMax: 1_000, openMax: 1_000 });
  const expected = new Map<number, Uint8Array>();
  const complete = new Map<number, Uint8Array>();
  const aborted = new Set<number>();
  const deliver = () => {
    const frames = outbox.take();
    expect(encodedBytes(frames)).toBeLessThanOrEqual(options.messageBytesMax);
    for (const frame of frames) receive(inbox, frame, { complete, aborted });
    return frames.length;
  };
  for (const [id, one] of steps.entries()) {
    if (one.kind === "begin") {
      expected.set(id, bytes(one.length, id));
      outbox.begin({ id, header: `h${id}`, payload: bytes(one.length, id) });
    } else if (one.kind === "control") outbox.control("c", 20);
    else if (one.kind === "remove") {
      if (outbox.remove(one.pick) !== "unknown") expected.delete(one.pick);
    } else if (one.kind === "take") deliver();
    else outbox.acknowledge(inbox.chunkBytes);
  }
  do outbox.acknowledge(inbox.chunkBytes);
  while (deliver() > 0);
  expect(complete).toEqual(expected);
  expect(outbox.waitingBytes).toBe(0);
  for (const id of aborted) expect(complete.has(id)).toBe(false);
}

function receive(
  inbox: Inbox<string>,
  frame: Frame,
  seen: { complete: Map<number, Uint8Array>; aborted: Set<number> },
): void {
  if (frame.kind === "control") return;
  const received =
    frame.kind === "begin"
      ? inbox.begin(frame.id, frame.header, frame.payloadBytes, frame.payload)
      : frame.kind === "chunk"
        ? inbox.chunk(frame.id, frame.data)
        : inbox.end(frame.id, frame.aborted);
  expect(received).not.toMatchObject({ kind: "invalid" });
  if (received.kind === "complete") seen.complete.set(received.id, received.payload);
  if (received.kind === "aborted") seen.aborted.add(received.id);
}

/** What the frames come to on the wire when headers and control frames are as large as was said. */
function encodedBytes(frames: readonly Frame[]): number {
  const sizes = frames.map((frame) => {
    if (frame.kind === "control") return 20 + 12;
    if (frame.kind === "begin") return 512 + frame.payload.byteLength + 12;
    return frame.kind === "chunk" ? frame.data.byteLength + 20 : 12;
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}
