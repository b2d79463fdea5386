import { setTimeout as wait } from "node:timers/promises";
import { Meter } from "#core/metric/meter.ts";
import { defaultSampler } from "#core/trace/sampler.ts";
import { silentLog } from "#platform/log.ts";
import { SpanExporter } from "#platform/span-exporter.ts";
import { Dispatcher } from "../../gateway/dispatcher.ts";
import { createEvents, type GatewayEvents } from "../../gateway/events.ts";
import { Links } from "../../gateway/links.ts";
import { Predictions } from "../../gateway/predictions.ts";
import { Statistics } from "../../gateway/statistics.ts";
import { Traces } from "../../gateway/traces.ts";
import type { LinkWorker } from "./link-worker.ts";

export type LinkedPredictions = {
  readonly predictions: Predictions;
  readonly dispatcher: Dispatcher;
};

export const linkedRef = { model: "m", version: 1 };

/** How a gateway predicts, without its server, linked to one worker of `m@1`. */
export async function linkPredictions(
  worker: LinkWorker,
  options: {
    readonly queueRequestsMax: number;
    /** Put in the place of its own. */
    readonly events?: Partial<GatewayEvents>;
  },
): Promise<AsyncDisposable & LinkedPredictions> {
  await using opened = new AsyncDisposableStack();
  const exporter = opened.use(
    new SpanExporter(
      { service: "gateway", attributes: {}, endpoint: undefined },
      { log: silentLog },
    ),
  );
  const links = opened.use(new Links({ gateway: "g", cluster: "local" }, { draw: Math.random }));
  const events = { ...createEvents(new Meter({ seriesMax: 100 }), silentLog), ...options.events };
  const limits = { bytesMax: 2 ** 30, retainedBytesMax: 2 ** 20, retainedBytesTotalMax: 2 ** 26 };
  const { queueRequestsMax } = options;
  const dispatcher = new Dispatcher(
    { ...limits, queueRequestsMax },
    { links, events, draw: Math.random },
  );
  const traces = new Traces(
    { sampler: defaultSampler, slowMs: 1_000, keepsPerSecond: 100 },
    { exporter, events },
  );
  const predictions = new Predictions(
    { deadlineDefaultMs: 60_000 },
    { links, dispatcher, traces, events, statistics: new Statistics() },
  );
  links.add(linkedRef, { instance: worker.instance, address: worker.address, metrics: "" });
  while (links.ready(linkedRef).length === 0) await wait(5);
  const all = opened.move();
  return { predictions, dispatcher, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
