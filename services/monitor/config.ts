import { resolve } from "node:path";
import { type Env, SettingsReader } from "#platform/config.ts";
import { readTokenSecret } from "#platform/prediction-tokens.ts";
import { readTelemetry, type TelemetrySettings } from "#platform/telemetry.ts";
import { readWebhooks, type WebhookSettings } from "./alerts/webhook-settings.ts";

export type MonitorConfig = {
  readonly host: string;
  readonly ports: {
    readonly grpc: number;
    readonly http: number;
    readonly metrics: number;
    readonly otlp: number;
  };
  readonly cluster: string;
  /** The model repository, where baselines and windows are read from. */
  readonly modelsDir: string;
  /** Where rows are kept that memory has no room for; undefined: they go. */
  readonly dataDir: string | undefined;
  /** Undefined: no events are read, and traces alone are served. */
  readonly natsUrl: string | undefined;
  /** How long after a window's end its rows may still come. */
  readonly graceMs: number;
  /** After this long without a sign of life, another monitor takes a model over. */
  readonly leaseMs: number;
  readonly snapshotMs: number;
  /** How long calls under way may take to end once the process has been told to stop. */
  readonly drainMaxMs: number;
  /** What prediction tokens are signed with; undefined: labels with tokens cannot be used. */
  readonly tokenSecret: string | undefined;
  /** Who is told of alerts by HTTP. */
  readonly webhooks: readonly WebhookSettings[];
  readonly telemetry: TelemetrySettings;
};

const dayMs = 86_400_000;

export function readEnv(env: Env = process.env): SettingsReader {
  return new SettingsReader(env);
}

/** Fills in the defaults. Fails with one Failure that lists everything that is wrong. */
export function toConfig(reader: SettingsReader): MonitorConfig {
  const dataDir = reader.optionalText("SLUICE_DATA");
  const config: MonitorConfig = {
    host: reader.text("SLUICE_HOST", "127.0.0.1"),
    ports: {
      grpc: reader.port("SLUICE_MONITOR_GRPC_PORT", 8011),
      http: reader.port("SLUICE_MONITOR_HTTP_PORT", 8010),
      metrics: reader.port("SLUICE_MONITOR_METRICS_PORT", 8012),
      otlp: reader.port("SLUICE_OTLP_PORT", 4318),
    },
    cluster: reader.text("SLUICE_CLUSTER", "local"),
    modelsDir: resolve(reader.text("SLUICE_MODELS", "models")),
    dataDir: dataDir === undefined ? undefined : resolve(dataDir),
    natsUrl: reader.optionalText("NATS_URL"),
    graceMs: reader.integer("SLUICE_MONITOR_GRACE_MS", 10_000, { min: 0, max: dayMs }),
    leaseMs: reader.integer("SLUICE_LEASE_MS", 10_000, { min: 500, max: dayMs }),
    snapshotMs: reader.integer("SLUICE_MONITOR_SNAPSHOT_MS", 10_000, { min: 100, max: dayMs }),
    drainMaxMs: reader.integer("SLUICE_DRAIN_MAX_MS", 30_000, { min: 0, max: dayMs }),
    tokenSecret: readTokenSecret(reader),
    webhooks: readWebhooks(reader),
    telemetry: readTelemetry(reader),
  };
  reader.finish();
  return config;
}
