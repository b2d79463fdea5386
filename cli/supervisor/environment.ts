import type { Env } from "#platform/config.ts";
import { nodeOptions } from "./node-options.ts";
import type { ClusterOptions } from "./options.ts";
import type { PlannedWorker, SocketPaths } from "./plan.ts";

export type SharedSettings = {
  readonly options: ClusterOptions;
  /** Undefined where there is no NATS. */
  readonly natsUrl: string | undefined;
  /** The port of the monitor's OTLP receiver; undefined where there is no monitor. */
  readonly otlpPort: number | undefined;
  /** What prediction tokens are signed with, where the environment does not say. */
  readonly tokenSecret: string;
  /** Where Node keeps compiled code. */
  readonly compileCache: string;
};

/** What every process of the cluster is told. */
export function sharedEnv(settings: SharedSettings): Env {
  const { options, natsUrl, otlpPort, compileCache, tokenSecret } = settings;
  const { env, host } = options;
  const otlpHost = ["0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host;
  return {
    NODE_COMPILE_CACHE: compileCache,
    OTEL_EXPORTER_OTLP_ENDPOINT:
      otlpPort === undefined ? undefined : `http://${bracketed(otlpHost)}:${otlpPort}`,
    SLUICE_TOKEN_SECRET: tokenSecret,
    ...env,
    NODE_OPTIONS: nodeOptions(env["NODE_OPTIONS"]),
    SLUICE_HOST: host,
    SLUICE_CLUSTER: options.cluster,
    SLUICE_DATA: options.dataDir,
    SLUICE_MODELS: options.modelsDir,
    SLUICE_DRAIN_MAX_MS: String(options.drainMsMax),
    NATS_URL: natsUrl,
  };
}

/** What one worker is told besides. */
export function workerEnv(worker: PlannedWorker, sockets: SocketPaths): Env {
  return {
    SLUICE_MODEL: worker.model,
    SLUICE_MODEL_VERSION: String(worker.version),
    SLUICE_INSTANCE: worker.instance,
    SLUICE_WORKER_ADDRESS: sockets.address,
    SLUICE_WORKER_METRICS_ADDRESS: sockets.metrics,
  };
}

export type GatewayPorts = { readonly grpc: number; readonly metrics: number };

/** What a gateway that listens itself is told besides. */
export function gatewayEnv(routesPath: string, ports: GatewayPorts): Env {
  return {
    SLUICE_INSTANCE: "gateway-0",
    SLUICE_ROUTES: routesPath,
    SLUICE_GRPC_PORT: String(ports.grpc),
    SLUICE_METRICS_PORT: String(ports.metrics),
  };
}

export type GatewayOfSeveral = {
  readonly instance: string;
  readonly routesPath: string;
  readonly sockets: SocketPaths;
  /** Addresses of the others. */
  readonly siblings: readonly string[];
};

/** What a gateway that is handed connections is told besides. */
export function gatewayOfSeveralEnv(gateway: GatewayOfSeveral): Env {
  const { instance, routesPath, sockets, siblings } = gateway;
  return {
    SLUICE_INSTANCE: instance,
    SLUICE_ROUTES: routesPath,
    SLUICE_GATEWAY_SOCKET: pathOf(sockets.address),
    SLUICE_GATEWAY_METRICS_SOCKET: pathOf(sockets.metrics),
    SLUICE_GATEWAY_SIBLINGS: siblings.join("\n"),
  };
}

export type MonitorPorts = {
  readonly grpc: number;
  readonly http: number;
  readonly metrics: number;
  readonly otlp: number;
};

/** What the monitor is told besides. */
export function monitorEnv(ports: MonitorPorts): Env {
  return {
    SLUICE_INSTANCE: "monitor-0",
    SLUICE_MONITOR_GRPC_PORT: String(ports.grpc),
    SLUICE_MONITOR_HTTP_PORT: String(ports.http),
    SLUICE_MONITOR_METRICS_PORT: String(ports.metrics),
    SLUICE_OTLP_PORT: String(ports.otlp),
  };
}

function pathOf(address: string): string {
  return address.replace(/^unix:/, "");
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
