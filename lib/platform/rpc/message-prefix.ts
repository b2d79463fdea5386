/**
 * What gRPC writes before every message: whether it is compressed, which none of ours is, and its
 * length. A message that is encoded into `roomForMessage` has it in front of itself, so that both
 * leave as one piece.
 */
import { assert } from "#core/assert.ts";

export const prefixBytes = 5;

export function writePrefix(framed: Uint8Array, messageBytes: number): void {
  framed[0] = 0;
  framed[1] = messageBytes >>> 24;
  framed[2] = messageBytes >>> 16;
  framed[3] = messageBytes >>> 8;
  framed[4] = messageBytes;
}

/** Memory of its own for a message of so many bytes. */
export function roomForMessage(bytes: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(prefixBytes + bytes).subarray(prefixBytes);
}

/** The message with its prefix; `message` lies at the beginning of such room. */
export function withPrefix(message: Uint8Array): Buffer {
  const at = message.byteOffset - prefixBytes;
  assert(at >= 0, "a message has room for its prefix");
  const framed = Buffer.from(message.buffer, at, prefixBytes + message.byteLength);
  writePrefix(framed, message.byteLength);
  return framed;
}
