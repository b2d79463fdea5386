import { setTimeout as delay } from "node:timers/promises";

/** Milliseconds on a clock that never goes back; only differences mean anything. */
export function monotonicMs(): number {
  return performance.now();
}

/** Microseconds since 1970, to the microsecond. */
export function wallUs(): number {
  return wallUsAt(monotonicMs());
}

/** The same of a moment on the monotonic clock. */
export function wallUsAt(ms: number): number {
  return Math.round((originMs + ms) * 1000);
}

const originMs = performance.timeOrigin;

/** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Aborted: the caller looks at the signal.
  }
}
