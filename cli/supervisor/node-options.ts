/**
 * How Node collects garbage in the processes of a cluster. Left alone, V8 lets the old generation
 * grow to several times what is alive before it looks, and the young one to 60 MB a thread: a
 * gateway under load held 260 MB of which it needed 130. With a limit of 1 GiB it grows by little
 * more than half at a time. Payloads are outside of this heap.
 */
export const memoryOptions = "--max-semi-space-size=16 --max-old-space-size=1024";

/** `NODE_OPTIONS` of a process; what is `given` there goes beyond ours. */
export function nodeOptions(given: string | undefined): string {
  return given === undefined ? memoryOptions : `${memoryOptions} ${given}`;
}
