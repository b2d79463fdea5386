import { randomFillSync } from "node:crypto";

/** Filled in one go, since a call for a few bytes costs as much as one for thousands. */
const pool = new Uint8Array(16 * 1024);
let used = pool.byteLength;

/** `count` random bytes of their own, fit for ids; at most 1 KiB at a time. */
export function randomBytes(count: number): Uint8Array {
  if (used + count > pool.byteLength) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.slice(used - count, used);
}
