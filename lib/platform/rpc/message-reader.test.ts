import fc from "fast-check";
import { expect, it } from "vitest";
import { prefixBytes, roomForMessage, withPrefix, writePrefix } from "./message-prefix.ts";
import { MessageReader } from "./message-reader.ts";

function framed(message: Uint8Array): Buffer {
  const room = roomForMessage(message.byteLength);
  room.set(message);
  return withPrefix(room);
}

/** What a reader makes of these bytes, cut into pieces of these sizes, again and again. */
function readAll(bytes: Buffer, sizes: readonly number[], messageBytesMax = 1024): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const onMessage = (message: Uint8Array) => messages.push(new Uint8Array(message));
  const reader = new MessageReader({ messageBytesMax, onMessage });
  for (let at = 0, turn = 0; at < bytes.byteLength; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    // A copy: the reader must keep none of a piece that has been taken.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    reader.push(piece);
    piece.fill(0xff);
    at += size;
  }
  return messages;
}

it("finds the messages of a stream, however it was cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(messages, sizes, (sent, cut) => {
      const received = readAll(Buffer.concat(sent.map(framed)), cut);
      expect(received.map((message) => [...message])).toEqual(sent.map((message) => [...message]));
    }),
  );
});

it("gives back what is larger than the memory it had", () => {
  const large = new Uint8Array(100_000).map((_, index) => index % 251);
  const [received] = readAll(framed(large), [16_384], large.byteLength);
  expect(Buffer.compare(received ?? new Uint8Array(), large)).toBe(0);
});

it.each([1, 3, 100])("refuses a message over the limit, pieces of %i bytes", (size) => {
  const prefix = Buffer.alloc(prefixBytes);
  writePrefix(prefix, 0xffff_ffff);
  const read = () => readAll(Buffer.concat([framed(new Uint8Array(3)), prefix]), [size]);
  expect(read).toThrow("a message has 4294967295 bytes, limit 1024");
});

it("refuses a compressed message", () => {
  const bytes = framed(new Uint8Array(3));
  bytes[0] = 1;
  expect(() => readAll(bytes, [8])).toThrow("a message is compressed");
});
