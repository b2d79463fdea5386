import { describe, expect, it } from "vitest";
import { type Env, SettingsReader } from "./config.ts";
import { readTelemetry, tracesUrl } from "./telemetry.ts";

function read(env: Env) {
  const reader = new SettingsReader(env);
  const settings = readTelemetry(reader);
  reader.finish();
  return settings;
}

describe("the settings about traces", () => {
  it("have defaults", () => {
    expect(read({})).toEqual({
      endpoint: undefined,
      sampler: { ratio: 0.01, isParentBased: true },
      slowMs: 1000,
      keepsPerSecond: 100,
    });
  });

  it("are taken from the environment", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.2",
      SLUICE_TRACE_SLOW_MS: "50",
      SLUICE_TRACE_KEEPS_PER_SECOND: "0",
    };
    expect(read(env)).toEqual({
      endpoint: "http://collector:4318",
      sampler: { ratio: 0.2, isParentBased: true },
      slowMs: 50,
      keepsPerSecond: 0,
    });
  });

  it("report everything that is wrong with them together", () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318",
      OTEL_TRACES_SAMPLER: "never",
      SLUICE_TRACE_SLOW_MS: "fast",
    };
    expect(() => read(env)).toThrow(
      /OTEL_EXPORTER_OTLP_ENDPOINT .*; OTEL_TRACES_SAMPLER .*; SLUICE_TRACE_SLOW_MS /,
    );
  });

  it.each(["http://c:4318", "http://c:4318/"])("find the receiver of %s", (endpoint) => {
    expect(tracesUrl(endpoint)).toBe("http://c:4318/v1/traces");
  });
});
