import { messageOf } from "#core/failure.ts";

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
 * The main function of every process. SIGTERM and SIGINT abort `signal`; so does the parent's end,
 * noticed by its IPC channel closing. A start that fails is one line on standard error and exit
 * code 1; a stop that was asked for ends with exit code 0.
 */
export async function run(
  options: RunOptions,
  start: (signal: AbortSignal) => Promise<RunningService>,
): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => {
    // The last resort, should something hold the event loop open or a release hang.
    setTimeout(() => process.exit(1), options.stopMsMax).unref();
    stop.abort();
  };
  process.once("SIGTERM", onSignal);
  process.once("SIGINT", onSignal);
  process.once("disconnect", onSignal);
  try {
    await using service = await start(stop.signal);
    process.send?.({ type: "ready", ...service.ready });
    if (!stop.signal.aborted) {
      await new Promise((resolve) => stop.signal.addEventListener("abort", resolve));
    }
  } catch (error) {
    if (!stop.signal.aborted) {
      process.exitCode = 1;
      const reason = messageOf(error);
      process.stderr.write(`${options.service}: ${reason}\n`);
      process.send?.({ type: "failed", reason });
    }
  } finally {
    if (process.connected) process.disconnect?.();
  }
}
