/**
 * The composition root of a gateway: the one address callers know. It starts from its routes
 * file, goes on without NATS, and is ready when the models it found at start are settled.
 */
import { Failure } from "#core/failure.ts";
import { openBus } from "#platform/bus/nats.ts";
import { fetchExposition } from "#platform/exposition.ts";
import { type Log, openLog } from "#platform/log.ts";
import { type Metrics, openMetrics } from "#platform/metrics.ts";
import { PredictionTokens } from "#platform/prediction-tokens.ts";
import { type Routes, readRoutes } from "#platform/routes-file.ts";
import { Health } from "#platform/rpc/health.ts";
import type { RunningService } from "#platform/run.ts";
import { SpanExporter } from "#platform/span-exporter.ts";
import { startBackground } from "./background.ts";
import { BulkStreams } from "./bulk-streams.ts";
import { newCallBudget } from "./call-budget.ts";
import type { GatewayConfig } from "./config.ts";
import { Dispatcher } from "./dispatcher.ts";
import { createEvents } from "./events.ts";
import { FeedbackIntake } from "./feedback-intake.ts";
import { drain, listen, serviceNames } from "./gateway-server.ts";
import { observeGateway } from "./gauges.ts";
import { HandedConnections } from "./handed-connections.ts";
import { InferStreams } from "./infer-streams.ts";
import { Links } from "./links.ts";
import type { LostModel } from "./lost-model.ts";
import { ModelLog } from "./model-log.ts";
import { Overload } from "./overload.ts";
import { Predictions } from "./predictions.ts";
import { ServerHealth } from "./server-health.ts";
import { Siblings } from "./siblings.ts";
import { Statistics } from "./statistics.ts";
import { Traces } from "./traces.ts";

export type GatewayOverrides = {
  readonly log?: Log;
  /** Tells the parent process how the server is, and how many of its connections are open. */
  readonly tell?: (message: Readonly<Record<string, unknown>>) => void;
};

export type RunningGateway = RunningService & {
  readonly ready: { readonly grpc: string; readonly metrics: string };
  /** Takes somebody's word that a model version will have no worker, and why. */
  readonly giveUp: (lost: LostModel) => void;
  /** Takes a connection that the parent process has accepted; false for any other message. */
  readonly takeConnection: (message: unknown, connection: unknown) => boolean;
};

const mebibyte = 1024 * 1024;
/** What is kept so that a request can be given to another worker. */
const retained = { retainedBytesMax: mebibyte, retainedBytesTotalMax: 64 * mebibyte };
const scrapeMsMax = 2_000;
/** The part of the time for stopping that is kept for closing what is left. */
const closeShare = 0.25;
/** The part of what may be held of requests that may be unanswered items of bulk streams. */
const bulkShare = 0.5;
/** As much again for replies that wait in calls of ModelStreamInfer. */
const waitingShare = 0.5;

/**
 * Starts a gateway. Rejects with a Failure when a port is taken or the routes file is malformed.
 */
export async function startGateway(
  config: GatewayConfig,
  overrides: GatewayOverrides = {},
): Promise<RunningGateway> {
  await using stack = new AsyncDisposableStack();
  const routes = await startingRoutes(config);
  const core = await openCore(config, overrides, { stack, routes });
  const { links, metrics } = core;
  const server = stack.use(await listen(config, core));
  const tell = overrides.tell ?? (() => {});
  const connections = new HandedConnections({ serve: (one) => server.serve(one), tell });
  for (const model of routes?.models ?? []) {
    links.expect(model);
    for (const worker of model.workers) links.add(model, worker);
  }
  // No routes at all are no empty repository: what there is becomes known by hints.
  if (routes !== undefined) core.serverHealth.update(links.table);
  const held = stack.move();
  return {
    ready: { grpc: server.address, metrics: metrics.address },
    giveUp: (lost) => links.expect({ ...lost, state: "failed", workers: [] }),
    takeConnection: (message, connection) => connections.take(message, connection),
    async [Symbol.asyncDispose]() {
      overrides.tell?.({ type: "stopping" });
      connections.stop();
      await drain(core, server, config.drainMaxMs * (1 - closeShare));
      await held.disposeAsync();
    },
  };
}

/** Everything but the server; disposed of with the stack. */
async function openCore(
  config: GatewayConfig,
  overrides: GatewayOverrides,
  { stack, routes }: { stack: AsyncDisposableStack; routes: Routes | undefined },
) {
  const { instance, cluster } = config;
  const log = overrides.log ?? openLog({ service: "gateway", fields: { gateway: instance } });
  const links = new Links({ gateway: instance, cluster }, { draw: Math.random });
  const metrics = stack.use(await openGatewayMetrics(config, links));
  const events = createEvents(metrics.meter, log);
  const exporter = stack.use(newExporter(config, log));
  const { natsUrl: url } = config;
  const bus =
    url === undefined
      ? undefined
      : stack.use(await openBus({ url, name: `sluice gateway ${instance}`, log }));
  const dispatcher = new Dispatcher(
    { ...retained, bytesMax: config.heldBytesMax, queueRequestsMax: config.queueRequestsMax },
    { links, events, draw: Math.random },
  );
  const health = new Health();
  const tell = overrides.tell ?? (() => {});
  const serverHealth = newServerHealth(config, health, (isServing) => {
    events.serving(isServing);
    tell({ type: isServing ? "serving" : "not-serving" });
  });
  const modelLog = new ModelLog(events);
  links.listen({
    onTable: () => {
      modelLog.update(links.table);
      serverHealth.update(links.table);
    },
    onUp: (link) => events.linkUp(link.worker.instance),
    onLost: ({ worker }, { reason, attempts }) =>
      events.linkLost(worker.instance, { reason, requests: attempts.length }),
  });
  if (bus !== undefined) {
    const workers = routes?.models.flatMap((model) => model.workers) ?? [];
    const options = { instance, routesPath: config.routesPath, workers };
    stack.use(startBackground(options, { bus, links, events }));
  }
  stack.use(links);
  const statistics = new Statistics();
  const siblings = stack.use(new Siblings(config.siblings));
  const traces = new Traces(config.telemetry, { exporter, events });
  const tokens = tokensOf(config);
  const shared = { links, dispatcher, traces, statistics, events, tokens };
  const predictions = new Predictions(config, shared);
  const inferStreams = new InferStreams(
    { waitingBytesMax: config.heldBytesMax * waitingShare },
    { predictions, dispatcher },
  );
  const bulk = new BulkStreams(
    { bytesMax: config.heldBytesMax * bulkShare, waitMaxMs: config.bulkWaitMaxMs },
    shared,
  );
  const feedback = new FeedbackIntake({ bus, links, tokens, events });
  const overload = new Overload({ turnMsMax: config.turnMsMax }, { events });
  const budget = stack.use(newCallBudget(config, { dispatcher, events }));
  observeGateway(metrics.meter, {
    isShedding: () => overload.isShedding,
    uploadBytes: () => budget.uploadBytes,
    unreadBytes: () => budget.unreadBytes,
    table: () => links.table,
    waiting: (ref) => dispatcher.waiting(ref),
    requests: () => dispatcher.live.size,
    bytes: () => dispatcher.live.bytes,
    bulkStreams: () => bulk.size,
    spans: () => exporter,
    isBusConnected: () => bus?.isConnected === true,
  });
  const own = { links, metrics, dispatcher, health, serverHealth, statistics, siblings };
  return { ...own, predictions, inferStreams, bulk, feedback, overload, budget };
}

function tokensOf({ tokenSecret }: GatewayConfig): PredictionTokens | undefined {
  return tokenSecret === undefined ? undefined : new PredictionTokens(tokenSecret);
}

/** Undefined where there is no file yet, and NATS to learn from. */
async function startingRoutes({
  routesPath,
  natsUrl,
  cluster,
}: GatewayConfig): Promise<Routes | undefined> {
  if (routesPath === undefined) return undefined;
  try {
    const routes = await readRoutes(routesPath);
    if (routes.cluster === cluster) return routes;
    const message = `${routesPath} is of cluster "${routes.cluster}", not "${cluster}"`;
    throw new Failure("failed-precondition", message);
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.code === "not-found" && natsUrl !== undefined) return undefined;
    throw failure;
  }
}

async function openGatewayMetrics(config: GatewayConfig, links: Links): Promise<Metrics> {
  const { metrics: on, instance } = config;
  return await openMetrics({
    service: "gateway",
    labels: { gateway: instance },
    listen: on,
    others: async () => {
      // One of several: who asks it adds them up, and asks the workers itself.
      if ("socket" in on) return [];
      const addresses = links.all().map((link) => link.worker.metrics);
      const told = await Promise.allSettled(
        addresses.filter((address) => address !== "").map(scrape),
      );
      return told.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    },
  });
}

async function scrape(address: string): Promise<string> {
  return await fetchExposition(address, scrapeMsMax);
}

function newExporter({ telemetry, instance, cluster }: GatewayConfig, log: Log): SpanExporter {
  const attributes = { "service.instance.id": instance, "sluice.cluster": cluster };
  const source = { endpoint: telemetry.endpoint, service: "sluice-gateway", attributes };
  return new SpanExporter(source, { log });
}

function newServerHealth(
  config: GatewayConfig,
  health: Health,
  onChange: (isServing: boolean) => void,
): ServerHealth {
  const options = { services: serviceNames, isStrict: config.isStrictReadiness };
  return new ServerHealth(options, { health, onChange });
}
