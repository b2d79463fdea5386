import { resolve } from "node:path";
import { type Env, SettingsReader } from "#platform/config.ts";
import { UsageError } from "./exit-code.ts";

/** The flags that say where things are; every command that needs them takes the same. */
export type LocationFlags = {
  readonly server?: string;
  readonly monitor?: string;
  readonly data?: string;
  readonly models?: string;
};

/**
 * Flags and environment as values. Undefined: not said, so that `cluster.json` or a default
 * decides.
 */
export type CliConfig = {
  /** `host:port` of the gateway and of the monitor. */
  readonly server: string | undefined;
  readonly monitor: string | undefined;
  /** Base address of an OTLP/HTTP receiver. */
  readonly otlp: string | undefined;
  /** Of the cluster's NATS, with its token. */
  readonly nats: string | undefined;
  readonly dataDir: string;
  readonly modelsDir: string | undefined;
  /** False where NO_COLOR is set or the terminal is a dumb one. */
  readonly hasColour: boolean;
};

/** The environment, read once at the start of a command. */
export function readEnv(): Env {
  return process.env;
}

/** A flag wins over the environment. Throws a UsageError that names everything that is wrong. */
export function toConfig(flags: LocationFlags, env: Env): CliConfig {
  const settings = new SettingsReader(env);
  const models = flags.models ?? settings.optionalText("SLUICE_MODELS");
  const config: CliConfig = {
    server: toAddress(settings, "--server", flags.server ?? settings.optionalText("SLUICE_SERVER")),
    monitor: toAddress(settings, "--monitor", flags.monitor),
    otlp: settings.optionalText("OTEL_EXPORTER_OTLP_ENDPOINT"),
    nats: toNats(settings.optionalText("NATS_URL")),
    dataDir: resolve(flags.data ?? settings.text("SLUICE_DATA", ".sluice")),
    modelsDir: models === undefined ? undefined : resolve(models),
    hasColour: settings.optionalText("NO_COLOR") === undefined && env["TERM"] !== "dumb",
  };
  try {
    settings.finish();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  return config;
}

/** `sluice up` takes two words beside addresses. */
function toNats(url: string | undefined): string | undefined {
  return url === "auto" || url === "off" ? undefined : url;
}

function toAddress(
  settings: SettingsReader,
  flag: string,
  text: string | undefined,
): string | undefined {
  if (text === undefined || /^unix:\/.+$/.test(text)) return text;
  const port = /^\S+:([0-9]{1,5})$/.exec(text)?.[1];
  if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return text;
  settings.problem(`${flag} must be host:port, not "${text}"`);
  return undefined;
}
