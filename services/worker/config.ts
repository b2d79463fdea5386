import { hostname } from "node:os";
import { resolve } from "node:path";
import { formatRef, isModelName, type ModelRef, parseVersion } from "#core/model/name.ts";
import { type Env, SettingsReader } from "#platform/config.ts";
import { readTelemetry, type TelemetrySettings } from "#platform/telemetry.ts";

export type WorkerConfig = {
  readonly ref: ModelRef;
  /** Tells this process from every other worker. */
  readonly instance: string;
  readonly cluster: string;
  readonly modelsDir: string;
  /** Where links are served: `unix:/path` or `host:port`, and the setting that says so. */
  readonly listen: { readonly address: string; readonly setting: string };
  /** Where gateways are told to dial; undefined for where it listens. */
  readonly advertised: string | undefined;
  readonly metrics:
    | { readonly socket: string }
    | { readonly host: string; readonly port: number; readonly setting: string };
  /** Undefined: no events and no hints. */
  readonly natsUrl: string | undefined;
  readonly telemetry: TelemetrySettings;
  /** A run that takes longer counts as hung. */
  readonly runMaxMs: number;
  /** How long stopping may take. */
  readonly drainMaxMs: number;
  readonly messageBytesMax: number;
  readonly eventValuesPerSecond: number;
  readonly eventBufferBytes: number;
};

const hourMs = 3_600_000;
const mebibyte = 1024 * 1024;
const unix = "unix:";

/** Has ONNX Runtime not report home; only a setting made before it loads counts. */
export function optOutOfTelemetry(): void {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
}

export function readEnv(env: Env = process.env): SettingsReader {
  return new SettingsReader(env);
}

/** Fills in the defaults. Throws a Failure of one line that lists everything that is wrong. */
export function toConfig(reader: SettingsReader): WorkerConfig {
  const ref = readRef(reader);
  const host = reader.text("SLUICE_HOST", "127.0.0.1");
  const config: WorkerConfig = {
    ref,
    instance: reader.text("SLUICE_INSTANCE", `${formatRef(ref)}-${hostname()}-${process.pid}`),
    cluster: reader.text("SLUICE_CLUSTER", "local"),
    modelsDir: resolve(reader.text("SLUICE_MODELS", "models")),
    listen: readListen(reader, host),
    advertised: reader.optionalText("SLUICE_WORKER_ADVERTISE"),
    metrics: readMetrics(reader, host),
    natsUrl: reader.optionalText("NATS_URL"),
    telemetry: readTelemetry(reader),
    runMaxMs: reader.integer("SLUICE_RUN_MAX_MS", 30_000, { min: 1, max: hourMs }),
    drainMaxMs: reader.integer("SLUICE_DRAIN_MAX_MS", 30_000, { min: 0, max: hourMs }),
    messageBytesMax: reader.integer("SLUICE_MESSAGE_BYTES_MAX", 64 * mebibyte, {
      min: 1024,
      max: 1024 * mebibyte,
    }),
    eventValuesPerSecond: reader.integer("SLUICE_EVENT_VALUES_PER_SECOND", 100_000, {
      min: 1,
      max: 1e9,
    }),
    eventBufferBytes: reader.integer("SLUICE_EVENT_BUFFER_BYTES", 16 * mebibyte, {
      min: mebibyte,
      max: 1024 * mebibyte,
    }),
  };
  reader.finish();
  return config;
}

function readRef(reader: SettingsReader): ModelRef {
  const model = reader.requiredText("SLUICE_MODEL");
  const text = reader.requiredText("SLUICE_MODEL_VERSION");
  const version = parseVersion(text);
  if (model !== "" && !isModelName(model))
    reader.problem(`SLUICE_MODEL: "${model}" is no model name`);
  if (text !== "" && version === undefined) {
    reader.problem(`SLUICE_MODEL_VERSION must be an integer from 1, not "${text}"`);
  }
  return { model, version: version ?? 0 };
}

function readListen(reader: SettingsReader, host: string): WorkerConfig["listen"] {
  const setting = "SLUICE_WORKER_ADDRESS";
  const address = reader.optionalText(setting);
  if (address === undefined) {
    const port = reader.port("SLUICE_WORKER_GRPC_PORT", 8021);
    return { address: `${host}:${port}`, setting: "SLUICE_WORKER_GRPC_PORT" };
  }
  if (!/^unix:\/.+|^.+:[0-9]{1,5}$/.test(address)) {
    reader.problem(`${setting} must be unix:/path or host:port, not "${address}"`);
  }
  return { address, setting };
}

function readMetrics(reader: SettingsReader, host: string): WorkerConfig["metrics"] {
  const setting = "SLUICE_WORKER_METRICS_ADDRESS";
  const address = reader.optionalText(setting);
  if (address === undefined) {
    const port = reader.port("SLUICE_WORKER_METRICS_PORT", 8022);
    return { host, port, setting: "SLUICE_WORKER_METRICS_PORT" };
  }
  if (address.startsWith(unix)) return { socket: address.slice(unix.length) };
  const colon = address.lastIndexOf(":");
  const port = Number(address.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port)) {
    reader.problem(`${setting} must be unix:/path or host:port, not "${address}"`);
  }
  return { host: address.slice(0, colon), port, setting };
}
