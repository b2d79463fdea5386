import { assert } from "./assert.ts";
import { toHex } from "./hex.ts";

/** Random bytes a prediction id needs. */
export const predictionIdRandomBytes = 10;

/** The UUIDv7 (RFC 9562) of a prediction made at `nowMs` since 1970, as its 16 bytes. */
export function predictionId(nowMs: number, random: Uint8Array): Uint8Array {
  assert(random.byteLength === predictionIdRandomBytes, "ten random bytes");
  const id = new Uint8Array(16);
  const view = new DataView(id.buffer);
  view.setUint16(0, Math.floor(nowMs / 2 ** 32));
  view.setUint32(2, nowMs % 2 ** 32);
  id.set(random, 6);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return id;
}

/**
 * The UUIDv8 (RFC 9562) made of a hash, as its 16 bytes: the same hash is the same prediction,
 * however often and wherever it is made.
 */
export function predictionIdOf(hash: Uint8Array): Uint8Array {
  assert(hash.byteLength >= 16, "a hash of at least sixteen bytes");
  const id = hash.slice(0, 16);
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x80;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return id;
}

/** The 16 bytes of a UUID in its usual form of 36 characters. */
export function formatPredictionId(id: Uint8Array): string {
  const hex = toHex(id);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${groups.join("-")}-${hex.slice(20)}`;
}
