import { expect, it } from "vitest";
import { readEnv, toConfig } from "./config.ts";

it("works on a laptop without a setting", () => {
  expect(toConfig(readEnv({}))).toMatchObject({
    host: "127.0.0.1",
    ports: { grpc: 8011, http: 8010, metrics: 8012, otlp: 4318 },
    cluster: "local",
    natsUrl: undefined,
    graceMs: 10_000,
    leaseMs: 10_000,
    snapshotMs: 10_000,
  });
});

it("reports every problem at once", () => {
  const env = { SLUICE_MONITOR_GRPC_PORT: "x", SLUICE_LEASE_MS: "1" };
  expect(() => toConfig(readEnv(env))).toThrow(/SLUICE_MONITOR_GRPC_PORT.*; SLUICE_LEASE_MS/);
});
