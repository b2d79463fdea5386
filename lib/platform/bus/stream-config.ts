import type { StreamOptions } from "./bus.ts";

/** What the server is told of a stream. Times are nanoseconds. */
export type StreamConfig = {
  readonly subjects: string[];
  readonly max_bytes: number;
  readonly max_age: number;
  readonly duplicate_window: number;
};

const nanosPerMs = 1_000_000;
const duplicatesMsDefault = 120_000;

export function configOf(options: StreamOptions): StreamConfig {
  const { subjects, bytesMax, ageMsMax } = options;
  // The server refuses to remember ids for longer than messages.
  const { duplicatesMs = Math.min(duplicatesMsDefault, ageMsMax) } = options;
  return {
    subjects: [...subjects],
    max_bytes: bytesMax,
    max_age: ageMsMax * nanosPerMs,
    duplicate_window: duplicatesMs * nanosPerMs,
  };
}

/** Whether a stream is as it is wanted; the server says more of it than that. */
export function isSameConfig(found: Partial<StreamConfig>, wanted: StreamConfig): boolean {
  return (
    found.subjects?.join() === wanted.subjects.join() &&
    found.max_bytes === wanted.max_bytes &&
    found.max_age === wanted.max_age &&
    found.duplicate_window === wanted.duplicate_window
  );
}
