import { messageOf } from "#core/failure.ts";
import { countExternalMemory } from "./external-memory.ts";

/** A process under way: disposing of it drains, flushes and closes everything it holds. */
export type RunningService = AsyncDisposable & {
  /** What the parent is told once the service is up: addresses, identity. */
  readonly ready: Readonly<Record<string, unknown>>;
};

export type RunOptions = {
  readonly service: string;
  /** After a signal, how long releasing may take before the process ends regardless. */
  readonly stopMsMax: number;
};

/**
 * The main function of every process. SIGTERM and SIGINT abort `signal`, and change nothing when
 * they come again: at a terminal Ctrl-C reaches a process under npm twice, once passed on by npm.
 * The parent's end aborts it, too, noticed by its IPC channel closing, also before this is called.
 * A start that fails is one line on standard error and exit code 1; a stop that was asked for ends
 * with exit code 0.
 */
export async function run(
  options: RunOptions,
  start: (signal: AbortSignal) => Promise<RunningService>,
): Promise<void> {
  countExternalMemory();
  const stop = new AbortController();
  const onSignal = () => {
    if (stop.signal.aborted) return;
    // The last resort, should something hold the event loop open or a release hang.
    setTimeout(() => process.exit(1), options.stopMsMax).unref();
    stop.abort();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  process.on("disconnect", onSignal);
  // Without an IPC channel it is undefined.
  if (process.connected === false) onSignal();
  try {
    await using service = await start(stop.signal);
    tellParent({ type: "ready", ...service.ready });
    if (!stop.signal.aborted) {
      await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    }
  } catch (error) {
    if (!stop.signal.aborted) {
      process.exitCode = 1;
      const reason = messageOf(error);
      process.stderr.write(`${options.service}: ${reason}\n`);
      tellParent({ type: "failed", reason });
    }
  } finally {
    if (process.connected) process.disconnect?.();
  }
}

/**
 * Sends a message to the process that started this one, where it did so with an IPC channel and is
 * still there. Never throws: that it has gone is noticed by the channel closing.
 */
export function tellParent(message: Readonly<Record<string, unknown>>): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
