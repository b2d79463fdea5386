/**
 * The gateway of a cluster: one process that listens itself, or several among which this one
 * divides the connections.
 */
import { join } from "node:path";
import type { Env } from "#platform/config.ts";
import { writeRoutes } from "#platform/routes-file.ts";
import { Acceptor } from "./acceptor.ts";
import { acceptorMetrics } from "./acceptor-metrics.ts";
import type { DataDir } from "./data-dir.ts";
import { gatewayEnv, gatewayOfSeveralEnv } from "./environment.ts";
import { GatewayMetrics } from "./gateway-metrics.ts";
import type { ClusterOptions } from "./options.ts";
import { type Plan, planRoutes } from "./plan.ts";
import type { Roster } from "./roster.ts";
import type { Named, RunDir } from "./run-dir.ts";
import type { Supervised, SupervisedEvent } from "./supervised.ts";

/** Processes under one address, by name. */
export type Gateways = {
  readonly processes: readonly Supervised[];
  /** Takes no more connections, and resolves when every process has ended. */
  readonly stop: (msMax: number) => Promise<void>;
};

export type GatewayParts = {
  readonly options: ClusterOptions;
  readonly plan: Plan;
  readonly dataDir: DataDir;
  readonly runDir: RunDir;
  readonly roster: Roster;
  /** Starts a gateway process and keeps it running; what it is told besides is asked each time. */
  readonly supervise: (
    name: string,
    env: () => Env,
    onEvent: (event: SupervisedEvent) => void,
  ) => Supervised;
};

/** Starts the gateway's processes. A Failure of one line where a port has been taken meanwhile. */
export async function startGateways(
  parts: GatewayParts,
  names: readonly Named[],
): Promise<Gateways> {
  return names.length === 1 ? await startOne(parts) : await startSeveral(parts, names);
}

async function startOne(parts: GatewayParts): Promise<Gateways> {
  const { options, roster, supervise } = parts;
  const routes = await writeRoutesFor(parts, "routes.json");
  const env = () => {
    // Those it had before, so that it is found where it was when it is started again.
    const known = roster.gateway;
    return gatewayEnv(routes, {
      grpc: portOf(known?.["grpc"]) ?? options.ports.grpc,
      metrics: portOf(known?.["metrics"]) ?? options.ports.metrics,
    });
  };
  const gateway = supervise("gateway", env, (event) => roster.onGateway("gateway", event));
  return { processes: [gateway], stop: (msMax) => gateway.stop(msMax) };
}

async function startSeveral(parts: GatewayParts, names: readonly Named[]): Promise<Gateways> {
  const { options, plan, runDir, roster, supervise } = parts;
  await using opened = new AsyncDisposableStack();
  const processes: Supervised[] = [];
  const { host, ports } = options;
  const acceptor = await Acceptor.listen({
    listen: { host, port: ports.grpc, setting: "SLUICE_GRPC_PORT" },
    gateways: names.length,
    hand: (index, message, connection) => processes[index]?.hand(message, connection) ?? false,
  });
  opened.defer(() => acceptor.close());
  const sockets = names.map((name) => runDir.socketsOf(name));
  const metrics = opened.use(
    await GatewayMetrics.listen({
      listen: { host, port: ports.metrics, setting: "SLUICE_METRICS_PORT" },
      gateways: sockets.map((one) => one.metrics),
      workers: plan.workers.map((worker) => runDir.socketsOf(worker).metrics),
      own: () => acceptorMetrics(acceptor, names),
    }),
  );
  const addresses = { grpc: acceptor.address, metrics: metrics.address };
  const routes = await Promise.all(
    names.map((_, index) => writeRoutesFor(parts, `routes-${index}.json`)),
  );
  for (const [index, name] of names.entries()) {
    const { instance } = name;
    const env = gatewayOfSeveralEnv({
      instance,
      routesPath: routes[index] ?? "",
      sockets: runDir.socketsOf(name),
      siblings: sockets.filter((_, other) => other !== index).map(({ address }) => address),
    });
    const onEvent = (event: SupervisedEvent) => {
      follow({ acceptor, metrics, index }, event);
      roster.onGateway(instance, event.type === "ready" ? { ...event, addresses } : event);
    };
    processes.push(supervise(instance, () => env, onEvent));
  }
  const all = opened.move();
  const stop = async (msMax: number) => {
    acceptor.close();
    await Promise.all(processes.map((process) => process.stop(msMax)));
    await all.disposeAsync();
  };
  return { processes, stop };
}

type Followers = {
  readonly acceptor: Acceptor;
  readonly metrics: GatewayMetrics;
  readonly index: number;
};

/** What a gateway's process tells decides who is handed connections, and what is counted. */
function follow({ acceptor, metrics, index }: Followers, event: SupervisedEvent): void {
  switch (event.type) {
    case "ready":
      acceptor.ready(index);
      break;
    case "serving":
    case "not-serving":
      acceptor.serving(index, event.type === "serving");
      break;
    case "stopping":
      acceptor.stopping(index);
      break;
    case "connections":
      acceptor.took(index, event);
      break;
    case "ended":
    case "gave-up":
      acceptor.ended(index);
      metrics.ended(index);
      break;
    default:
      break;
  }
}

async function writeRoutesFor(parts: GatewayParts, name: string): Promise<string> {
  const { options, plan, dataDir, runDir } = parts;
  const path = join(dataDir.path, name);
  await writeRoutes(path, planRoutes(plan, options.cluster, runDir.socketsOf));
  return path;
}

export function portOf(address: string | undefined): number | undefined {
  return address === undefined ? undefined : Number(address.slice(address.lastIndexOf(":") + 1));
}
