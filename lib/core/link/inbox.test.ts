import { expect, it } from "vitest";
import { Inbox } from "./inbox.ts";

const nothing = new Uint8Array();

function open(payloadBytes = 3): Inbox<string> {
  const inbox = new Inbox<string>({ payloadBytesMax: 10, openMax: 2 });
  expect(inbox.begin(1, "h", payloadBytes, nothing)).toEqual({ kind: "open" });
  return inbox;
}

it("hands on a payload that came inside its beginning", () => {
  const inbox = new Inbox<string>({ payloadBytesMax: 10, openMax: 2 });
  const payload = Uint8Array.of(1, 2);
  expect(inbox.begin(1, "h", 2, payload)).toEqual({
    kind: "complete",
    id: 1,
    header: "h",
    payload,
  });
  expect(inbox.begin(1, "h", 0, nothing).kind).toBe("complete");
});

it("puts chunks together and counts them", () => {
  const inbox = open();
  expect(inbox.chunk(1, Uint8Array.of(1, 2))).toEqual({ kind: "open" });
  expect(inbox.chunk(1, Uint8Array.of(3))).toEqual({ kind: "open" });
  const payload = Uint8Array.of(1, 2, 3);
  expect(inbox.end(1, false)).toEqual({ kind: "complete", id: 1, header: "h", payload });
  expect(inbox.chunkBytes).toBe(3);
});

it("does not hold on to the message a chunk came in", () => {
  const inbox = open(1);
  const message = Uint8Array.of(7, 8, 9);
  inbox.chunk(1, message.subarray(1, 2));
  message.fill(0);
  expect(inbox.end(1, false)).toMatchObject({ payload: Uint8Array.of(8) });
});

it("forgets what the sender gave up", () => {
  const inbox = open();
  expect(inbox.end(1, true)).toEqual({ kind: "aborted", id: 1 });
  expect(inbox.end(1, true).kind).toBe("invalid");
});

it("goes on counting what it was told to discard", () => {
  const inbox = open();
  inbox.discard(1);
  expect(inbox.chunk(1, Uint8Array.of(1, 2, 3))).toEqual({ kind: "open" });
  expect(inbox.chunkBytes).toBe(3);
  expect(inbox.end(1, false)).toEqual({ kind: "aborted", id: 1 });
});

it.each<[string, (inbox: Inbox<string>) => unknown]>([
  ["payload 2: 1 bytes came, 2 announced", (inbox) => inbox.begin(2, "h", 2, Uint8Array.of(1))],
  ["payload 2: 11 bytes announced, limit 10", (inbox) => inbox.begin(2, "h", 11, nothing)],
  ["payload 1 was begun twice", (inbox) => inbox.begin(1, "h", 3, nothing)],
  ["a chunk of payload 2, which is not open", (inbox) => inbox.chunk(2, Uint8Array.of(1))],
  ["payload 1: more than the 3 bytes announced", (inbox) => inbox.chunk(1, new Uint8Array(4))],
  ["the end of payload 2, which is not open", (inbox) => inbox.end(2, false)],
  ["payload 1 ended after 0 of 3 bytes", (inbox) => inbox.end(1, false)],
])("calls a broken rule by its name: %s", (reason, breakIt) => {
  expect(breakIt(open())).toEqual({ kind: "invalid", reason });
});

it("keeps no more payloads open than it may", () => {
  const inbox = open();
  inbox.begin(2, "h", 3, nothing);
  expect(inbox.begin(3, "h", 3, nothing)).toMatchObject({
    reason: "payload 3: 2 are incomplete already, limit 2",
  });
});

it("puts payloads together where it is told to", () => {
  const memory = new ArrayBuffer(16);
  const allocate = (bytes: number) => (bytes === 3 ? memory : new ArrayBuffer(bytes));
  const inbox = new Inbox<string>({ payloadBytesMax: 10, openMax: 2, allocate });
  inbox.begin(1, "h", 3, nothing);
  inbox.chunk(1, Uint8Array.of(1, 2, 3));
  const received = inbox.end(1, false);
  expect(received).toMatchObject({ payload: Uint8Array.of(1, 2, 3) });
  expect(received.kind === "complete" && received.payload.buffer).toBe(memory);
});
