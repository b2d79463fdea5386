import { sleep } from "./clock.ts";

export type LoopOptions = {
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** Told of what a step throws; the loop goes on. */
  readonly onError: (error: unknown) => void;
};

/**
 * Runs `step` every `everyMs`, counted from the end of one step to the start of the next, until the
 * signal aborts. Steps never overlap. Resolves when the last step has ended.
 */
export async function loop(options: LoopOptions, step: () => Promise<void> | void): Promise<void> {
  while (!options.signal.aborted) {
    try {
      await step();
    } catch (error) {
      options.onError(error);
    }
    await sleep(options.everyMs, options.signal);
  }
}
