import { messageOf } from "#core/failure.ts";
import { MonitorService } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { HttpServer } from "#platform/http.ts";
import { type Log, openLog } from "#platform/log.ts";
import { openMetrics } from "#platform/metrics.ts";
import { PredictionTokens } from "#platform/prediction-tokens.ts";
import { processName } from "#platform/process-name.ts";
import { Health } from "#platform/rpc/health.ts";
import { addReflection } from "#platform/rpc/reflection.ts";
import { RpcServer } from "#platform/rpc/server.ts";
import type { RunningService } from "#platform/run.ts";
import { SpanExporter } from "#platform/span-exporter.ts";
import { observeAlerts } from "./alerts/alert-metrics.ts";
import { NewsPublisher } from "./alerts/news-publisher.ts";
import { Webhook } from "./alerts/webhook.ts";
import { WebhookDeliverer } from "./alerts/webhook-deliverer.ts";
import type { MonitorConfig } from "./config.ts";
import { ConsumerSpans } from "./consumer-spans.ts";
import { Definitions } from "./definitions.ts";
import { observeDrift } from "./drift-metrics.ts";
import { MonitorEvents } from "./events.ts";
import { FeedbackReader } from "./feedback-reader.ts";
import { observePerformance } from "./performance-metrics.ts";
import { reportRoutes } from "./report-routes.ts";
import { reportService } from "./report-service.ts";
import { Steward } from "./steward.ts";
import { StreamReader } from "./stream-reader.ts";
import { openTraces, type Traces } from "./traces/trace-service.ts";
import { WatchedModels } from "./watched-models.ts";

export type Monitor = RunningService & {
  readonly ready: {
    readonly grpc: string;
    readonly http: string;
    readonly metrics: string;
    readonly otlp: string;
  };
};

/** In traces. */
const serviceName = "sluice-monitor";
const messageBytesMax = 4 * 1024 * 1024;
// Nothing is asked of the monitor that takes longer; who watches is told to go.
const drainMsMax = 500;

/**
 * Starts the monitor: its listeners first, then reading in the background, with NATS there or not.
 * Fails when a port is taken. Disposing ends the calls under way, saves what is known and lets go
 * of the models.
 */
export async function startMonitor(
  config: MonitorConfig,
  modules: { readonly log?: Log } = {},
): Promise<Monitor> {
  const log = modules.log ?? openLog({ service: "monitor", fields: { cluster: config.cluster } });
  await using opened = new AsyncDisposableStack();
  const { host, ports } = config;
  const metrics = opened.use(
    await openMetrics({
      service: "monitor",
      labels: { cluster: config.cluster },
      listen: { host, port: ports.metrics, setting: "SLUICE_MONITOR_METRICS_PORT" },
    }),
  );
  const { meter } = metrics;
  const events = new MonitorEvents({ log, meter });
  const { slowMs } = config.telemetry;
  const traces = opened.use(await openTraces({ host, port: ports.otlp, slowMs }, { meter, log }));
  const models = new WatchedModels();
  const reading = await startReading(config, { log, traces, models, events });
  opened.use(reading);
  const { bus } = reading;
  observeAlerts(models, meter);
  observePerformance(models, meter);
  observeDrift(models, { meter, isConnected: () => bus?.isConnected === true });
  const stop = new AbortController();
  const http = opened.use(
    await HttpServer.listen({
      listen: { host, port: ports.http, setting: "SLUICE_MONITOR_HTTP_PORT" },
      routes: reportRoutes({ models, traces, stop: stop.signal }),
      drainMsMax: drainMsOf(config),
      onError: (error) => events.httpFailed(messageOf(error)),
    }),
  );
  opened.defer(() => stop.abort());
  const rpc = opened.use(await listen(config, { models, traces }));
  const ready = {
    grpc: rpc.address,
    http: http.address,
    metrics: metrics.address,
    otlp: traces.address,
  };
  const all = opened.move();
  return { ready, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

async function listen(
  config: MonitorConfig,
  modules: { readonly models: WatchedModels; readonly traces: Traces },
): Promise<AsyncDisposable & { readonly address: string }> {
  const health = new Health();
  const stop = new AbortController();
  const { host, ports } = config;
  const server = await RpcServer.listen(
    {
      address: `${host}:${ports.grpc}`,
      setting: "SLUICE_MONITOR_GRPC_PORT",
      messageBytesMax,
      drainMsMax: drainMsOf(config),
    },
    [reportService({ ...modules, stop: stop.signal })],
    (server) => {
      health.addTo(server);
      addReflection(server, [MonitorService]);
    },
  );
  for (const name of ["", MonitorService.typeName]) health.set(name, true);
  return {
    address: server.address,
    async [Symbol.asyncDispose]() {
      health.stop();
      stop.abort();
      await server.drain();
    },
  };
}

function drainMsOf({ drainMaxMs }: MonitorConfig): number {
  return Math.min(drainMaxMs, drainMsMax);
}

/** Spans of its own go to the monitor's store at once, unless they are wanted elsewhere. */
function exporterOf(
  config: MonitorConfig,
  { log, traces }: { readonly log: Log; readonly traces: Traces },
): Pick<SpanExporter, "export"> & AsyncDisposable {
  const { endpoint } = config.telemetry;
  const isElsewhere = endpoint !== undefined && new URL(endpoint).host !== traces.address;
  if (isElsewhere)
    return new SpanExporter({ endpoint, service: serviceName, attributes: {} }, { log });
  return {
    export: (span) => traces.store.add({ service: serviceName, span }),
    async [Symbol.asyncDispose]() {},
  };
}

/** Reads events until disposed of, then saves; does nothing without NATS. */
async function startReading(
  config: MonitorConfig,
  modules: {
    readonly log: Log;
    readonly traces: Traces;
    readonly models: WatchedModels;
    readonly events: MonitorEvents;
  },
): Promise<AsyncDisposable & { readonly bus: Bus | undefined }> {
  const { log, models, events, traces } = modules;
  if (config.natsUrl === undefined) {
    events.withoutBus();
    models.problem = "NATS_URL is not set: no events are read";
    return { bus: undefined, async [Symbol.asyncDispose]() {} };
  }
  await using opened = new AsyncDisposableStack();
  const bus = opened.use(await openBus({ url: config.natsUrl, name: "sluice monitor", log }));
  const exporter = exporterOf(config, { log, traces });
  opened.use(exporter);
  const definitions = await Definitions.open(config.modelsDir, (reason) =>
    events.repositoryUnreadable(reason),
  );
  const { graceMs, leaseMs, snapshotMs, dataDir } = config;
  const holder = processName();
  const steward = new Steward(
    { holder, graceMs, leaseMs, snapshotMs, dataDir },
    { bus, definitions, models, events, onChange: () => reader.restart() },
  );
  const spans = new ConsumerSpans(exporter);
  const onStranger = (model: string) => steward.meet(model);
  const reader = new StreamReader({ bus, models, events, spans, onStranger });
  const { tokenSecret } = config;
  const tokens = tokenSecret === undefined ? undefined : new PredictionTokens(tokenSecret);
  const labels = new FeedbackReader({ bus, models, tokens, events });
  const publisher = new NewsPublisher(config.cluster, { bus, models, events });
  const webhooks = config.webhooks.map((settings) => {
    const of = { webhook: new Webhook(settings), holder, leaseMs };
    return new WebhookDeliverer(of, { bus, events: events.webhooks, draw: Math.random });
  });
  const stop = new AbortController();
  const parts = [steward, reader, labels, publisher, ...webhooks];
  const running = Promise.all(parts.map((part) => part.run(stop.signal)));
  opened.defer(async () => {
    stop.abort();
    await running;
    await steward.finish();
  });
  const all = opened.move();
  return { bus, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
