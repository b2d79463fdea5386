import type { ModelReport } from "#core/monitor/model-report.ts";
import type { WatchedModels } from "./watched-models.ts";

export type FeedOptions = {
  /** Empty for all. */
  readonly model: string;
  /** Ends the feed and gives its place back. */
  readonly signal: AbortSignal;
};

/**
 * Every report as it is now, then each one again whenever a window of it closes or is revised,
 * until the signal aborts. A reader that is slower than that gets the latest of each version: what
 * is held for it is one report a version. Throws a Failure `resource-exhausted` where too many
 * watch.
 */
export function followReports(
  models: WatchedModels,
  { model, signal }: FeedOptions,
): AsyncGenerator<ModelReport> {
  const waiting = new Map<string, ModelReport>();
  let wake = Promise.withResolvers<void>();
  const put = (report: ModelReport) => {
    if (model !== "" && report.model !== model) return;
    waiting.set(`${report.model}/${report.version}`, report);
    wake.resolve();
  };
  // Nothing can happen between these two that neither of them tells.
  const unsubscribe = models.onWindow(put);
  for (const report of models.reports(model === "" ? undefined : model)) put(report);
  const end = () => {
    unsubscribe();
    wake.resolve();
  };
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const read = async function* (): AsyncGenerator<ModelReport> {
    while (!signal.aborted) {
      for (const [key, report] of waiting) {
        waiting.delete(key);
        yield report;
        if (signal.aborted) return;
      }
      wake = Promise.withResolvers();
      if (waiting.size === 0 && !signal.aborted) await wake.promise;
    }
  };
  return read();
}
