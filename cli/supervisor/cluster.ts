/**
 * A whole cluster on this machine. Everything that can be refused is refused before the first
 * process is started; then NATS, because the others are told its address; then monitor, workers and
 * gateway at once. They end in the order in which each is still of use to the next: gateway,
 * workers, monitor, NATS.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure, messageOf } from "#core/failure.ts";
import { monotonicMs } from "#platform/clock.ts";
import type { Env } from "#platform/config.ts";
import { scanRepository } from "#platform/model-repository.ts";
import { type CompileCache, openCompileCache } from "./compile-cache.ts";
import { type ClusterAddresses, type DataDir, openDataDir } from "./data-dir.ts";
import { monitorEnv, sharedEnv, workerEnv } from "./environment.ts";
import { gatewayNames } from "./gateway-count.ts";
import { type GatewayParts, type Gateways, portOf, startGateways } from "./gateways.ts";
import type { ClusterOptions } from "./options.ts";
import { openOwnNats } from "./own-nats.ts";
import { type Plan, type PlannedWorker, planWorkers } from "./plan.ts";
import { portOrFree, requirePorts } from "./ports.ts";
import { Roster } from "./roster.ts";
import { type Named, openRunDir, type RunDir } from "./run-dir.ts";
import { Supervised, type SupervisedEvent } from "./supervised.ts";

/** A running cluster. Disposing stops it, within the drain time and a second. */
export type Cluster = AsyncDisposable & {
  /** Where everything is now; what `cluster.json` in the data folder says. */
  readonly addresses: ClusterAddresses;
  /** The model versions that were loaded, each once. */
  readonly readyModels: readonly PlannedWorker[];
  /**
   * The process of this name (`gateway`, or `gateway-0` of several; `monitor`, `nats-server`,
   * `wine-1-0`); undefined while it is down.
   */
  readonly pidOf: (name: string) => number | undefined;
  /** Names of the gateway's processes. */
  readonly gateways: readonly string[];
};

const root = fileURLToPath(new URL("../..", import.meta.url));
/**
 * What stopping may take beyond the drain time, and what of it is kept for those who come later.
 */
const stopGraceMs = { all: 900, afterGateway: 700, afterWorkers: 400, afterMonitor: 200 };

/**
 * Starts the cluster and resolves when it serves, or when no model of it can be loaded. Models that
 * are kept out are reported, not thrown. A Failure of one line for what would keep the rest from
 * starting: folders, ports, NATS_URL, gateway or monitor. When the signal aborts, what was started
 * is stopped and `cancelled` thrown.
 */
export async function startCluster(options: ClusterOptions, signal: AbortSignal): Promise<Cluster> {
  await using opened = new AsyncDisposableStack();
  const { models, warnings } = await scanRepository(options.modelsDir);
  const plan = planWorkers(models);
  const dataDir = opened.use(await openDataDir(options.dataDir));
  await requirePorts(options.host, options.ports, options.monitor);
  if (!["auto", "off"].includes(options.nats)) {
    // Nothing else here speaks to NATS.
    const { checkNats } = await import("#platform/bus/nats.ts");
    await checkNats(options.nats);
  }
  for (const warning of warnings) options.onReport(warning);
  for (const { model, reason } of plan.keptOut) options.onReport(`${model}  kept out: ${reason}`);
  const gateways = gatewayNames(options.gateways);
  const runDir = opened.use(await openRunDir(options.dataDir, [...plan.workers, ...gateways]));
  const nats = await openNats({ options, dataDir, runDir, opened }, signal);
  const cluster = new RunningCluster({ options, plan, gateways, dataDir, runDir, nats });
  opened.use(cluster);
  await cluster.start();
  await untilSettled(cluster, signal);
  const all = opened.move();
  return {
    get addresses() {
      return cluster.addresses;
    },
    get readyModels() {
      return cluster.roster.readyModels();
    },
    pidOf: (name) => cluster.pidOf(name),
    gateways: gateways.map(({ instance }) => instance),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function untilSettled(cluster: RunningCluster, signal: AbortSignal): Promise<void> {
  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(new Failure("cancelled", "stopped while starting"));
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await Promise.race([cluster.roster.settled, stopped.promise]);
    await cluster.announce();
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

type Nats = { readonly url: string; readonly pid: () => number | undefined };

type Parts = {
  readonly options: ClusterOptions;
  readonly dataDir: DataDir;
  readonly runDir: RunDir;
};

/** Undefined where there is to be none, or none can be had, which is reported. */
async function openNats(
  { options, dataDir, runDir, opened }: Parts & { opened: AsyncDisposableStack },
  signal: AbortSignal,
): Promise<Nats | undefined> {
  if (options.nats === "off") return undefined;
  if (options.nats !== "auto") return { url: options.nats, pid: () => undefined };
  try {
    const folders = { logsDir: dataDir.logsDir, runDir: runDir.path };
    const server = opened.use(await openOwnNats(options, folders, signal));
    return { url: server.url, pid: () => server.pid };
  } catch (error) {
    if (signal.aborted || options.natsServer !== undefined) throw error;
    options.onReport(`${messageOf(error)}: predictions go on, without monitor`);
    return undefined;
  }
}

type ClusterParts = Parts & {
  readonly plan: Plan;
  readonly gateways: readonly Named[];
  readonly nats: Nats | undefined;
};

/** The processes of a cluster, from the first one started to the last one ended. */
class RunningCluster implements AsyncDisposable {
  readonly roster: Roster;
  readonly #parts: ClusterParts;
  readonly #withMonitor: boolean;
  readonly #workers = new Map<string, Supervised>();
  #gateways: Gateways | undefined;
  #monitor: Supervised | undefined;
  #compiled: CompileCache | undefined;
  #announced: Promise<void> = Promise.resolve();

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#withMonitor = parts.options.monitor && parts.nats !== undefined;
    this.roster = new Roster({
      gateways: parts.gateways.map(({ instance }) => instance),
      workers: parts.plan.workers,
      withMonitor: this.#withMonitor,
      onReport: parts.options.onReport,
      onAddresses: () => void this.announce().catch(() => {}),
      onLostModel: ({ model, version }, reason) => {
        const message = { type: "model", model, version, state: "failed", reason };
        for (const gateway of this.#gateways?.processes ?? []) gateway.send(message);
      },
    });
  }

  async start(): Promise<void> {
    const { options, plan, gateways, runDir, nats } = this.#parts;
    const { host, ports } = options;
    const compiled = await openCompileCache(options.cacheDir);
    this.#compiled = compiled;
    const otlp = this.#withMonitor ? await portOrFree(host, ports.otlp) : undefined;
    if (otlp !== undefined && ports.otlp !== 0 && otlp !== ports.otlp) {
      options.onReport(`port ${ports.otlp} (SLUICE_OTLP_PORT) is in use: traces go to ${otlp}`);
    }
    const shared = sharedEnv({
      options,
      natsUrl: nats?.url,
      otlpPort: otlp,
      compileCache: compiled.folder,
      tokenSecret: this.#parts.dataDir.tokenSecret,
    });
    if (otlp !== undefined) this.#startMonitor(shared, otlp);
    for (const [index, worker] of plan.workers.entries()) {
      const env = {
        ...shared,
        ...(index > 0 ? { NODE_COMPILE_CACHE: compiled.folderForOthers } : {}),
        ...workerEnv(worker, runDir.socketsOf(worker)),
      };
      const onEvent = (event: SupervisedEvent) => this.roster.onWorker(worker, event);
      const { instance } = worker;
      this.#workers.set(
        instance,
        this.#supervise(instance, "worker", () => env, onEvent),
      );
    }
    const supervise: GatewayParts["supervise"] = (name, env, onEvent) => {
      const isFirst = name === gateways[0]?.instance;
      const own = isFirst ? {} : { NODE_COMPILE_CACHE: compiled.folderForOthers };
      return this.#supervise(name, "gateway", () => ({ ...shared, ...own, ...env() }), onEvent);
    };
    const parts = { ...this.#parts, roster: this.roster, supervise };
    this.#gateways = await startGateways(parts, gateways);
  }

  get addresses(): ClusterAddresses {
    const { options, plan, dataDir, runDir, nats } = this.#parts;
    const { gateway, monitor } = this.roster;
    return {
      format: 1,
      cluster: options.cluster,
      pid: process.pid,
      models: options.modelsDir,
      logs: dataDir.logsDir,
      run: runDir.path,
      ...(gateway === undefined ? {} : { gateway }),
      ...(monitor === undefined ? {} : { monitor }),
      ...(nats === undefined ? {} : { nats: nats.url }),
      workers: plan.workers.map((worker) => ({ ...worker, ...runDir.socketsOf(worker) })),
    };
  }

  /** Resolves when `cluster.json` says what is known now. */
  async announce(): Promise<void> {
    this.#announced = this.#announced
      .catch(() => {})
      .then(() => this.#parts.dataDir.announce(this.addresses));
    await this.#announced;
  }

  pidOf(name: string): number | undefined {
    const gateway = this.#gateways?.processes.find((process) => process.name === name);
    if (gateway !== undefined) return gateway.pid;
    if (name === "monitor") return this.#monitor?.pid;
    if (name === "nats-server") return this.#parts.nats?.pid();
    return this.#workers.get(name)?.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const endMs = monotonicMs() + this.#parts.options.drainMsMax + stopGraceMs.all;
    const left = (reservedMs: number) => Math.max(0, endMs - monotonicMs() - reservedMs);
    await this.#gateways?.stop(left(stopGraceMs.afterGateway));
    const workers = [...this.#workers.values()];
    await Promise.all(workers.map((worker) => worker.stop(left(stopGraceMs.afterWorkers))));
    await this.#compiled?.markFilled();
    await this.#monitor?.stop(left(stopGraceMs.afterMonitor));
    await this.#announced.catch(() => {});
  }

  #startMonitor(shared: Env, otlp: number): void {
    const env = () => {
      const { monitorGrpc, monitorHttp, monitorMetrics } = this.#parts.options.ports;
      const known = this.roster.monitor;
      const ports = {
        grpc: portOf(known?.["grpc"]) ?? monitorGrpc,
        http: portOf(known?.["http"]) ?? monitorHttp,
        metrics: portOf(known?.["metrics"]) ?? monitorMetrics,
        otlp: portOf(known?.["otlp"]) ?? otlp,
      };
      return { ...shared, ...monitorEnv(ports) };
    };
    const onEvent = (event: SupervisedEvent) => this.roster.onMonitor(event);
    this.#monitor = this.#supervise("monitor", "monitor", env, onEvent);
  }

  #supervise(
    name: string,
    kind: "gateway" | "worker" | "monitor",
    env: () => Env,
    onEvent: (event: SupervisedEvent) => void,
  ): Supervised {
    const { options, dataDir } = this.#parts;
    return new Supervised({
      name,
      program: join(root, kind === "gateway" ? "gateway" : `services/${kind}`, "main.ts"),
      folder: root,
      logsDir: dataDir.logsDir,
      worksWhen: kind === "worker" ? "model" : "ready",
      env,
      onOutput: options.onOutput,
      onEvent,
    });
  }
}
