import { roomForMessage } from "#platform/rpc/message-prefix.ts";
import type { MessageMemory } from "#wire/link-frames.ts";

const bytesMin = 4 * 1024;
/** What is larger is rare, such as a hello, and gets a buffer of its own. */
const bytesMax = 256 * 1024;

/** Gives the same memory again and again, so that nothing has to be collected. */
export function reusedMemory(): MessageMemory {
  let memory = Buffer.alloc(0);
  return (bytes) => {
    if (bytes > bytesMax) return roomForMessage(bytes);
    if (bytes > memory.byteLength) {
      const size = Math.max(bytesMin, 2 ** Math.ceil(Math.log2(bytes)));
      memory = roomForMessage(size);
    }
    return memory;
  };
}
