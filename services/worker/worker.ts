/**
 * The composition root of a worker: one process that serves one version of one model. It listens
 * first and loads then, so that whoever dials it learns how the model is. A model that cannot be
 * loaded keeps the process, which goes on saying why.
 */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { Failure, messageOf } from "#core/failure.ts";
import { SlabPool } from "#core/slab-pool.ts";
import { WorkerLinkService } from "#gen/sluice/link/v1/link_pb.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { monotonicMs, sleep } from "#platform/clock.ts";
import { type Log, openLog } from "#platform/log.ts";
import { loop } from "#platform/loop.ts";
import { openMetrics } from "#platform/metrics.ts";
import { modelPaths } from "#platform/model-repository.ts";
import { Health } from "#platform/rpc/health.ts";
import { addReflection } from "#platform/rpc/reflection.ts";
import { RpcServer } from "#platform/rpc/server.ts";
import { uploadWindowBytesDefault } from "#platform/rpc/upload-window.ts";
import type { RunningService } from "#platform/run.ts";
import { SpanExporter } from "#platform/span-exporter.ts";
import { predictionSubject } from "#wire/event/subject.ts";
import type { WorkerConfig } from "./config.ts";
import { EventPublisher } from "./event-publisher.ts";
import { EventRecorder } from "./event-recorder.ts";
import { WorkerEvents } from "./events.ts";
import { beat } from "./heartbeat.ts";
import { LinkService } from "./link-service.ts";
import { ModelSlot, type ModelState } from "./model-slot.ts";
import { TraceRecorder } from "./trace-recorder.ts";

export type WorkerOverrides = {
  readonly log?: Log;
  /** Ends the process when a run hangs or its thread is gone; by default with SIGKILL. */
  readonly onCrash?: (failure: Failure) => void;
  /** Tells the parent process how the model is. */
  readonly tell?: (message: Readonly<Record<string, unknown>>) => void;
};

export type RunningWorker = RunningService & {
  readonly ready: { readonly address: string; readonly metrics: string };
};

const flushEveryMs = 250;
const requestsMax = 65_536;
/** Of memory for payloads that rests between two of them. */
const payloadBytesResting = 32 * 1024 * 1024;
const tracesMax = 16_384;
/** The part of the time for stopping that is kept for publishing the last events. */
const flushShare = 0.25;
/** Streams that end by themselves have ended by then: what is left are watchers of health. */
const serverDrainMs = 200;
/** Beyond the time for stopping, for what is no longer of use to anybody. */
const stopMsExtra = 300;
/** How long NATS waits for the model, so that a start is not held up by what can come after it. */
const connectDelayMsMax = 2_000;
const unix = "unix:";

/** Starts a worker. Rejects with a Failure when an address is taken or a setting is malformed. */
export async function startWorker(
  config: WorkerConfig,
  signal: AbortSignal,
  overrides: WorkerOverrides = {},
): Promise<RunningWorker> {
  await using stack = new AsyncDisposableStack();
  const core = await openCore(config, overrides, stack);
  const { events, slot, links, health } = core;
  const tell = overrides.tell ?? (() => {});
  slot.onChange((state) => {
    setHealth(health, config, state);
    if (state.kind === "ready") tell({ type: "model", state: "ready", reason: "" });
    if (state.kind === "failed") tell({ type: "model", state: "failed", reason: state.reason });
  });
  const server = await listen(config, { health, links });
  stack.use(server);
  const background = startBackground(config, core, server.address);
  const loading = slot.load(signal);
  const held = stack.move();
  return {
    ready: { address: server.address, metrics: core.metricsAddress },
    async [Symbol.asyncDispose]() {
      const endMs = monotonicMs() + config.drainMaxMs;
      health.stop();
      slot.drain();
      await drain(config, core);
      background.stop.abort();
      // A model that loads or runs cannot be interrupted: its thread ends with the process.
      const idle = Promise.all([loading.then(() => slot[Symbol.asyncDispose]()), background.ended]);
      const msMax = Math.max(0, endMs - monotonicMs()) + stopMsExtra;
      if (!(await settles(idle, msMax))) core.crash(stillBusy(msMax));
      await held.disposeAsync();
      events.stopped();
    },
  };
}

type Core = Awaited<ReturnType<typeof openCore>>;

/** Everything but the server and what runs on its own; disposed of with the stack. */
async function openCore(
  config: WorkerConfig,
  overrides: WorkerOverrides,
  stack: AsyncDisposableStack,
) {
  const { ref, instance, cluster } = config;
  const identity = { instance, model: ref.model, version: String(ref.version) };
  const log = overrides.log ?? openLog({ service: "worker", fields: identity });
  if ("socket" in config.metrics) await makeFolder(config.metrics.socket);
  const metrics = stack.use(
    await openMetrics({
      service: "worker",
      labels: { worker: instance, model: ref.model, version: String(ref.version) },
      listen: config.metrics,
    }),
  );
  const events = new WorkerEvents({ log, meter: metrics.meter });
  const exporter = stack.use(
    new SpanExporter(
      {
        endpoint: config.telemetry.endpoint,
        service: "sluice-worker",
        attributes: { "service.instance.id": instance, "sluice.cluster": cluster },
      },
      { log },
    ),
  );
  const { bus, hurry } = await openWorkerBus(config, log, stack);
  const publisher = bus === undefined ? undefined : stack.use(newPublisher(config, bus, events));
  const producer = randomBytes(8).toString("hex");
  const valuesPerSecond = config.eventValuesPerSecond;
  const recorder = new EventRecorder(
    { producer, cluster, ref, valuesPerSecond },
    { publisher, events },
  );
  const traces = new TraceRecorder({ ref, recordsMax: tracesMax }, { exporter });
  const crash = (failure: Failure) => {
    events.crashed(failure.message);
    (overrides.onCrash ?? killProcess)(failure);
  };
  const payloads = new SlabPool(payloadBytesResting);
  const slot = stack.use(
    new ModelSlot(
      { ref, paths: modelPaths(config.modelsDir, ref), runMaxMs: config.runMaxMs },
      { events, recorder, payloads, onCrash: crash },
    ),
  );
  slot.onChange(hurry);
  const most = { requests: requestsMax, requestBytes: config.messageBytesMax };
  const links = new LinkService(
    { instance, cluster, ref, producer, most },
    { slot, recorder, traces, events, payloads },
  );
  const health = new Health();
  setHealth(health, config, slot.state);
  events.observe({
    inFlight: () => links.inFlight,
    waitingRows: () => slot.waitingRows,
    links: () => links.links,
    isReady: () => slot.state.kind === "ready",
    eventBufferBytes: () => publisher?.bytes ?? 0,
    spansDropped: () => exporter.dropped,
  });
  return {
    crash,
    events,
    bus,
    publisher,
    recorder,
    slot,
    links,
    health,
    metricsAddress: metrics.address,
  };
}

/** `hurry`: to be called when the model has come as far as it will. */
async function openWorkerBus(
  { natsUrl: url, instance }: WorkerConfig,
  log: Log,
  stack: AsyncDisposableStack,
): Promise<{ readonly bus: Bus | undefined; readonly hurry: () => void }> {
  if (url === undefined) return { bus: undefined, hurry: () => {} };
  const wait = new AbortController();
  const hurry = () => wait.abort();
  stack.defer(hurry);
  const startsAfter = sleep(connectDelayMsMax, wait.signal);
  const name = `sluice worker ${instance}`;
  return { bus: stack.use(await openBus({ url, name, log, startsAfter })), hurry };
}

function newPublisher(config: WorkerConfig, bus: Bus, events: WorkerEvents): EventPublisher {
  const subject = predictionSubject(config.ref);
  return new EventPublisher({ subject, bufferBytesMax: config.eventBufferBytes }, { bus, events });
}

async function listen(
  { listen: { address, setting } }: WorkerConfig,
  { health, links }: Pick<Core, "health" | "links">,
): Promise<RpcServer> {
  if (address.startsWith(unix)) await makeFolder(address.slice(unix.length));
  // Of link messages, none of which is larger than 256 KiB.
  const messageBytesMax = 4 * 1024 * 1024;
  return await RpcServer.listen(
    {
      ...{ address, setting, messageBytesMax, drainMsMax: serverDrainMs },
      uploadWindowBytes: uploadWindowBytesDefault,
    },
    [links.service],
    (server) => {
      health.addTo(server);
      addReflection(server, [WorkerLinkService]);
    },
  );
}

/** Sockets are for this user alone. */
async function makeFolder(socketPath: string): Promise<void> {
  await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 });
}

/** The loops that run until they are stopped. */
function startBackground(config: WorkerConfig, core: Core, listening: string) {
  const { events, bus, recorder, slot, links } = core;
  const stop = new AbortController();
  const { signal } = stop;
  const onError = (error: unknown) => events.backgroundFailed("flushing events", messageOf(error));
  const loops = [
    loop({ everyMs: flushEveryMs, signal, onError }, () => {
      recorder.flush(monotonicMs());
      links.tellLoad();
    }),
  ];
  if (bus !== undefined) {
    const { instance, ref } = config;
    const address = config.advertised ?? dialable(listening);
    // Only on the machine they share does a gateway tell its workers' metrics beside its own.
    const metrics = core.metricsAddress.startsWith(unix) ? core.metricsAddress : "";
    loops.push(beat({ instance, ref, address, metrics }, { bus, slot, events }, signal));
  }
  return { stop, ended: Promise.all(loops) };
}

/** Other machines know this one by its name, not by the address that stands for all it has. */
function dialable(listening: string): string {
  return listening.replace(/^(0\.0\.0\.0|\[?::\]?):/, `${hostname()}:`);
}

/**
 * Finishes what is held, then publishes what is left of its events, within the time for stopping.
 */
async function drain(config: WorkerConfig, { links, recorder, publisher }: Core): Promise<void> {
  const flushMs = config.drainMaxMs * flushShare;
  await links.drain(config.drainMaxMs - flushMs);
  recorder.flush(monotonicMs());
  await publisher?.drain(flushMs);
}

/** Whether work ends within `msMax`. */
async function settles(work: Promise<unknown>, msMax: number): Promise<boolean> {
  const timeout = new AbortController();
  const done = work.then(() => {
    timeout.abort();
    return true;
  });
  return await Promise.race([done, sleep(msMax, timeout.signal).then(() => false)]);
}

function stillBusy(msMax: number): Failure {
  return new Failure("deadline-exceeded", `the model is still busy ${Math.round(msMax)} ms later`);
}

function setHealth(health: Health, { ref }: WorkerConfig, state: ModelState): void {
  const isReady = state.kind === "ready";
  const { model, version } = ref;
  for (const name of ["", model, `${model}/${version}`, WorkerLinkService.typeName]) {
    health.set(name, isReady);
  }
}

function killProcess(): void {
  // An orderly exit would wait for the thread that hangs.
  process.kill(process.pid, "SIGKILL");
}
