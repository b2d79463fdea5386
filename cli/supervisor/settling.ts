/** How far a cluster that is being started has come: the answer to "is it up?". */
export type Progress = {
  readonly withMonitor: boolean;
  /** Of its processes, the one that has come least far. */
  readonly gateway: "starting" | "ready" | "serving";
  readonly monitor: "starting" | "ready";
  /** Of each worker, by instance. */
  readonly models: ReadonlyMap<string, "loading" | "ready" | "failed">;
};

/**
 * Whether nothing more is to be waited for: the processes are up and the gateway serves, or it
 * never will because no model could be loaded.
 */
export function isSettled(progress: Progress): boolean {
  const { withMonitor, gateway, monitor, models } = progress;
  if (withMonitor && monitor === "starting") return false;
  if (gateway === "serving") return true;
  const states = [...models.values()];
  return gateway === "ready" && states.length > 0 && states.every((state) => state === "failed");
}
