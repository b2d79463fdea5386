import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { Failure } from "#core/failure.ts";
import { parseNatsUrl } from "#platform/bus/address.ts";
import { type Env, SettingsReader } from "#platform/config.ts";
import { toCacheDir } from "../cache-dir.js";
import { gatewaysByDefault } from "./gateway-count.ts";
import type { ClusterOptions } from "./options.ts";

/** What does not come from settings. */
export type Reporting = Pick<ClusterOptions, "onReport" | "onOutput">;

/**
 * Settings to options, defaults filled in. Throws one Failure that names everything that is wrong.
 */
export function toClusterOptions(env: Env, reporting: Reporting): ClusterOptions {
  const settings = new SettingsReader(env);
  const options: ClusterOptions = {
    modelsDir: resolve(settings.text("SLUICE_MODELS", "models")),
    dataDir: resolve(settings.text("SLUICE_DATA", ".sluice")),
    cacheDir: toCacheDir(env),
    host: settings.text("SLUICE_HOST", "127.0.0.1"),
    ports: {
      grpc: settings.port("SLUICE_GRPC_PORT", 8001),
      metrics: settings.port("SLUICE_METRICS_PORT", 8002),
      monitorGrpc: settings.port("SLUICE_MONITOR_GRPC_PORT", 8011),
      monitorHttp: settings.port("SLUICE_MONITOR_HTTP_PORT", 8010),
      monitorMetrics: settings.port("SLUICE_MONITOR_METRICS_PORT", 8012),
      otlp: settings.port("SLUICE_OTLP_PORT", 4318),
    },
    gateways: settings.integer("SLUICE_GATEWAYS", gatewaysByDefault(availableParallelism()), {
      min: 1,
      max: 32,
    }),
    nats: settings.text("NATS_URL", "auto"),
    natsServer: settings.optionalText("SLUICE_NATS_SERVER"),
    monitor: true,
    cluster: settings.text("SLUICE_CLUSTER", "local"),
    drainMsMax: settings.integer("SLUICE_DRAIN_MAX_MS", 4000, { min: 0, max: 3_600_000 }),
    env,
    ...reporting,
  };
  if (!["auto", "off"].includes(options.nats)) {
    try {
      parseNatsUrl(options.nats);
    } catch (error) {
      settings.problem(Failure.from(error).message);
    }
  }
  settings.finish();
  return options;
}
