import { defaultSampler, parseSampler, type Sampler } from "#core/trace/sampler.ts";
import type { SettingsReader } from "./config.ts";

/** What every process is told about traces. */
export type TelemetrySettings = {
  /**
   * The base address of an OTLP/HTTP receiver, such as `http://127.0.0.1:4318`; undefined for none.
   */
  readonly endpoint: string | undefined;
  readonly sampler: Sampler;
  /** A request that took at least this long has its trace kept. */
  readonly slowMs: number;
  /** How many traces a second may be kept because they are slow or failed. */
  readonly keepsPerSecond: number;
};

const millisecondsPerDay = 86_400_000;

/** Reads the settings about traces; what is wrong with them is added to the reader's report. */
export function readTelemetry(reader: SettingsReader): TelemetrySettings {
  return {
    endpoint: readEndpoint(reader),
    sampler: readSampler(reader),
    slowMs: reader.integer("SLUICE_TRACE_SLOW_MS", 1000, { min: 0, max: millisecondsPerDay }),
    keepsPerSecond: reader.integer("SLUICE_TRACE_KEEPS_PER_SECOND", 100, { min: 0, max: 100_000 }),
  };
}

function readEndpoint(reader: SettingsReader): string | undefined {
  const text = reader.optionalText("OTEL_EXPORTER_OTLP_ENDPOINT");
  if (text === undefined) return undefined;
  const protocol = URL.parse(text)?.protocol;
  if (protocol === "http:" || protocol === "https:") return text;
  reader.problem(`OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https address, not "${text}"`);
  return undefined;
}

function readSampler(reader: SettingsReader): Sampler {
  const name = reader.optionalText("OTEL_TRACES_SAMPLER");
  if (name === undefined) return defaultSampler;
  const sampler = parseSampler(name, reader.optionalText("OTEL_TRACES_SAMPLER_ARG"));
  if (!("problem" in sampler)) return sampler;
  reader.problem(sampler.problem);
  return defaultSampler;
}

/** Where an OTLP/HTTP receiver at this base address takes traces. */
export function tracesUrl(endpoint: string): string {
  return `${endpoint.replace(/\/+$/, "")}/v1/traces`;
}
