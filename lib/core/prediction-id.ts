import { assert } from "./assert.ts";
import { fromHex, hexOfByte } from "./hex.ts";

export const predictionIdBytes = 16;

/**
 * The UUIDv7 (RFC 9562) of a prediction made at `nowMs` since 1970, as its 16 bytes: made of, and
 * in the place of, as many random bytes.
 */
export function predictionId(nowMs: number, random: Uint8Array): Uint8Array {
  assert(random.byteLength === predictionIdBytes, "sixteen random bytes");
  const id = random;
  const high = Math.floor(nowMs / 2 ** 32);
  const low = Math.floor(nowMs % 2 ** 32);
  id[0] = high >>> 8;
  id[1] = high;
  id[2] = low >>> 24;
  id[3] = low >>> 16;
  id[4] = low >>> 8;
  id[5] = low;
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x70;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
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
  let text = "";
  for (let at = 0; at < predictionIdBytes; at += 1) {
    if (at === 4 || at === 6 || at === 8 || at === 10) text += "-";
    text += hexOfByte(id[at] ?? 0);
  }
  return text;
}

/** The 16 bytes of a UUID, with its hyphens or without; undefined for any other text. */
export function parsePredictionId(text: string): Uint8Array | undefined {
  const digits = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
    ? text.replaceAll("-", "")
    : text;
  return digits.length === 2 * predictionIdBytes ? fromHex(digits) : undefined;
}

/** When a prediction was made, in milliseconds since 1970, where its id tells (UUIDv7). */
export function predictedMsOf(id: Uint8Array): number | undefined {
  if (((id[6] ?? 0) & 0xf0) !== 0x70) return undefined;
  let ms = 0;
  for (let at = 0; at < 6; at += 1) ms = ms * 256 + (id[at] ?? 0);
  return ms;
}
