import { hostname } from "node:os";
import { resolve } from "node:path";
import { type Env, SettingsReader } from "#platform/config.ts";
import type { ListenOn } from "#platform/listen.ts";
import { readTokenSecret } from "#platform/prediction-tokens.ts";
import { uploadWindowBytesDefault } from "#platform/rpc/upload-window.ts";
import { readTelemetry, type TelemetrySettings } from "#platform/telemetry.ts";

export type GatewayConfig = {
  /** Where calls are served: `host:port` or `unix:/path`, and the setting that says so. */
  readonly listen: { readonly address: string; readonly setting: string };
  readonly metrics: ListenOn;
  /**
   * Sockets (`unix:/path`) of the other gateways among whom a supervisor divides the connections to
   * one port; none where this one stands alone.
   */
  readonly siblings: readonly string[];
  readonly cluster: string;
  /** Tells this gateway from every other. */
  readonly instance: string;
  /** The routes to start from, and to keep; undefined: workers are known by hints alone. */
  readonly routesPath: string | undefined;
  /** Undefined: no hints are read, and nothing is told of lost workers. */
  readonly natsUrl: string | undefined;
  /** What prediction tokens are signed with; undefined: there are none. */
  readonly tokenSecret: string | undefined;
  readonly telemetry: TelemetrySettings;
  /** For requests whose caller gives no deadline. */
  readonly deadlineDefaultMs: number;
  /** How long stopping may take. */
  readonly drainMaxMs: number;
  readonly messageBytesMax: number;
  /** What callers may send ahead, a call and a connection. */
  readonly uploadWindowBytes: number;
  /** Calls of one connection at a time. */
  readonly streamsMax: number;
  readonly connectionsMax: number;
  /** With turns of the event loop longer than this the gateway has more to do than it can. */
  readonly turnMsMax: number;
  /** Requests of one model version that may wait, where its model does not say. */
  readonly queueRequestsMax: number;
  /** Bytes of all requests that arrive or are under way together. */
  readonly heldBytesMax: number;
  /** Bytes of replies that one connection may leave unread. */
  readonly unreadBytesMax: number;
  /** How long items of bulk streams wait while no replica of their version is ready. */
  readonly bulkWaitMaxMs: number;
  /** Ready only while every model version is. */
  readonly isStrictReadiness: boolean;
};

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
const hourMs = 3_600_000;

export function readEnv(env: Env = process.env): SettingsReader {
  return new SettingsReader(env);
}

/** Fills in the defaults. Throws a Failure of one line that lists everything that is wrong. */
export function toConfig(reader: SettingsReader): GatewayConfig {
  const routesPath = reader.optionalText("SLUICE_ROUTES");
  const config: GatewayConfig = {
    ...readListen(reader),
    siblings: reader.optionalText("SLUICE_GATEWAY_SIBLINGS")?.split("\n") ?? [],
    cluster: reader.text("SLUICE_CLUSTER", "local"),
    instance: reader.text("SLUICE_INSTANCE", `gateway-${hostname()}-${process.pid}`),
    routesPath: routesPath === undefined ? undefined : resolve(routesPath),
    natsUrl: reader.optionalText("NATS_URL"),
    tokenSecret: readTokenSecret(reader),
    telemetry: readTelemetry(reader),
    deadlineDefaultMs: reader.integer("SLUICE_DEADLINE_DEFAULT_MS", 60_000, {
      min: 1,
      max: 24 * hourMs,
    }),
    drainMaxMs: reader.integer("SLUICE_DRAIN_MAX_MS", 30_000, { min: 0, max: hourMs }),
    messageBytesMax: reader.integer("SLUICE_MESSAGE_BYTES_MAX", 64 * mebibyte, {
      min: 1024,
      max: gibibyte,
    }),
    uploadWindowBytes: reader.integer("SLUICE_UPLOAD_WINDOW_BYTES", uploadWindowBytesDefault, {
      min: 65_535,
      max: 64 * mebibyte,
    }),
    streamsMax: reader.integer("SLUICE_STREAMS_MAX", 1_024, { min: 1, max: 1_000_000 }),
    connectionsMax: reader.integer("SLUICE_CONNECTIONS_MAX", 1_024, { min: 1, max: 1_000_000 }),
    turnMsMax: reader.integer("SLUICE_TURN_MAX_MS", 20, { min: 1, max: 10_000 }),
    queueRequestsMax: reader.integer("SLUICE_QUEUE_REQUESTS_MAX", 4_096, {
      min: 1,
      max: 1_000_000,
    }),
    heldBytesMax: reader.integer("SLUICE_HELD_BYTES_MAX", 256 * mebibyte, {
      min: mebibyte,
      max: 64 * gibibyte,
    }),
    bulkWaitMaxMs: reader.integer("SLUICE_BULK_WAIT_MAX_MS", 30_000, { min: 0, max: hourMs }),
    unreadBytesMax: reader.integer("SLUICE_UNREAD_BYTES_MAX", 64 * mebibyte, {
      min: 1024,
      max: 64 * gibibyte,
    }),
    isStrictReadiness: reader.flag("SLUICE_STRICT_READINESS", false),
  };
  if (config.routesPath === undefined && config.natsUrl === undefined) {
    reader.problem("neither SLUICE_ROUTES nor NATS_URL says where workers are");
  }
  reader.finish();
  return config;
}

/** Ports of its own, or the Unix sockets that a supervisor of several gateways gives it. */
function readListen(reader: SettingsReader): Pick<GatewayConfig, "listen" | "metrics"> {
  const host = reader.text("SLUICE_HOST", "127.0.0.1");
  const port = reader.port("SLUICE_GRPC_PORT", 8001);
  const metricsPort = reader.port("SLUICE_METRICS_PORT", 8002);
  const socket = reader.optionalText("SLUICE_GATEWAY_SOCKET");
  const metricsSocket = reader.optionalText("SLUICE_GATEWAY_METRICS_SOCKET");
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    listen:
      socket === undefined
        ? { address, setting: "SLUICE_GRPC_PORT" }
        : { address: `unix:${resolve(socket)}`, setting: "SLUICE_GATEWAY_SOCKET" },
    metrics:
      metricsSocket === undefined
        ? { host, port: metricsPort, setting: "SLUICE_METRICS_PORT" }
        : { socket: resolve(metricsSocket) },
  };
}
