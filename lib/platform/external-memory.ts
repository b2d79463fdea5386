import { setFlagsFromString } from "node:v8";

/**
 * Has V8 count memory outside of the heap as part of what it may grow to. Left alone, it looks at
 * the whole heap after every 64 MB of new buffers, however short their lives: that was
 * half of the CPU an image of 600 KB took (docs/adr/0020-memory-of-large-payloads.md). Once for the
 * process, before it has work.
 */
export function countExternalMemory(): void {
  setFlagsFromString("--external-memory-accounted-in-global-limit");
}
