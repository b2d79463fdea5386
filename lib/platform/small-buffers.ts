/**
 * Buffers for small things that live shortly, cut from blocks: one of its own costs the collector
 * more than all else that is done for a small message. A block is as small as pays off, since
 * whoever keeps a buffer keeps its block, and Node's own pool has blocks of 64 KiB.
 */
const blockBytes = 8 * 1024;
const smallBytesMax = 1024;
let block = Buffer.alloc(0);
let used = 0;

/** A buffer of that size, of its own where it is large; what is in it is not known. */
export function smallBuffer(bytes: number): Buffer {
  if (bytes > smallBytesMax) return Buffer.allocUnsafeSlow(bytes);
  if (used + bytes > block.byteLength) {
    block = Buffer.allocUnsafeSlow(blockBytes);
    used = 0;
  }
  used += bytes;
  return block.subarray(used - bytes, used);
}
