import { expect, it } from "vitest";
import { toClusterOptions } from "./config.ts";

const reporting = { onReport: () => {} };

it("has a default for everything", () => {
  const options = toClusterOptions({}, reporting);
  expect(options).toMatchObject({
    host: "127.0.0.1",
    nats: "auto",
    monitor: true,
    cluster: "local",
    drainMsMax: 4000,
    ports: { grpc: 8001, metrics: 8002, monitorGrpc: 8011, monitorHttp: 8010, otlp: 4318 },
  });
  expect(options.modelsDir.endsWith("/models")).toBe(true);
});

it("starts as many gateways as it is told to", () => {
  expect(toClusterOptions({ SLUICE_GATEWAYS: "3" }, reporting).gateways).toBe(3);
  expect(toClusterOptions({}, reporting).gateways).toBeGreaterThanOrEqual(1);
  expect(() => toClusterOptions({ SLUICE_GATEWAYS: "0" }, reporting)).toThrow(/SLUICE_GATEWAYS/);
});

it("reports everything that is wrong at once", () => {
  const env = { SLUICE_GRPC_PORT: "http", SLUICE_OTLP_PORT: "70000", NATS_URL: "localhost" };
  expect(() => toClusterOptions(env, reporting)).toThrow(
    /SLUICE_GRPC_PORT.*SLUICE_OTLP_PORT.*NATS_URL/,
  );
});
