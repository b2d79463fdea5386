import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/**
 * Lets every other thread of the machine go before this one and the threads it starts from now on.
 * Says whether that worked: only Linux has priorities for threads.
 */
export function lowerPriority(niceness: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    // A link that every thread sees differently: "<process>/task/<thread>".
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
    if (!Number.isInteger(thread) || thread <= 0) return false;
    setPriority(thread, niceness);
    return true;
  } catch {
    return false;
  }
}
