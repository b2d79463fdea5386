import { randomFillSync } from "node:crypto";

/** Filled in one go, since a call for a few bytes costs as much as one for thousands. */
const pool = new Uint8Array(16 * 1024);
let drawn = pool.byteLength;
/** Whoever keeps an id keeps its block alive, so that blocks are small; none is used twice. */
const blockBytes = 2 * 1024;
let block = new Uint8Array(0);
let used = 0;

/** `count` random bytes that nobody else has, fit for ids; at most 1 KiB at a time. */
export function randomBytes(count: number): Uint8Array {
  if (used + count > block.byteLength) {
    block = nextBlock();
    used = 0;
  }
  used += count;
  return new Uint8Array(block.buffer, used - count, count);
}

function nextBlock(): Uint8Array<ArrayBuffer> {
  if (drawn === pool.byteLength) {
    randomFillSync(pool);
    drawn = 0;
  }
  drawn += blockBytes;
  return pool.slice(drawn - blockBytes, drawn);
}
