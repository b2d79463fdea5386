import { expect, it } from "vitest";
import { readEnv, toConfig } from "./config.ts";

it("fills in what is not set", () => {
  expect(toConfig(readEnv({ SLUICE_ROUTES: "/run/routes.json" }))).toMatchObject({
    listen: { address: "127.0.0.1:8001", setting: "SLUICE_GRPC_PORT" },
    metrics: { host: "127.0.0.1", port: 8002, setting: "SLUICE_METRICS_PORT" },
    siblings: [],
    cluster: "local",
    routesPath: "/run/routes.json",
    natsUrl: undefined,
    deadlineDefaultMs: 60_000,
    drainMaxMs: 30_000,
    messageBytesMax: 64 * 1024 * 1024,
    queueRequestsMax: 4_096,
    heldBytesMax: 256 * 1024 * 1024,
    unreadBytesMax: 64 * 1024 * 1024,
    uploadWindowBytes: 1024 * 1024,
    streamsMax: 1_024,
    connectionsMax: 1_024,
    turnMsMax: 20,
    isStrictReadiness: false,
  });
});

it("reports everything that is wrong together", () => {
  const env = {
    SLUICE_GRPC_PORT: "x",
    SLUICE_DEADLINE_DEFAULT_MS: "0",
    SLUICE_HELD_BYTES_MAX: "1",
  };
  expect(() => toConfig(readEnv(env))).toThrow(
    /SLUICE_GRPC_PORT.*SLUICE_DEADLINE_DEFAULT_MS.*SLUICE_HELD_BYTES_MAX.*neither SLUICE_ROUTES/,
  );
});

it("does with NATS alone", () => {
  const config = toConfig(readEnv({ NATS_URL: "nats://localhost" }));
  expect([config.routesPath, config.natsUrl]).toEqual([undefined, "nats://localhost"]);
});

it("listens on sockets where it is one of several", () => {
  const env = {
    SLUICE_ROUTES: "/run/routes.json",
    SLUICE_GATEWAY_SOCKET: "/run/0.sock",
    SLUICE_GATEWAY_METRICS_SOCKET: "/run/0.metrics.sock",
    SLUICE_GATEWAY_SIBLINGS: "unix:/run/1.sock\nunix:/run/2.sock",
  };
  expect(toConfig(readEnv(env))).toMatchObject({
    listen: { address: "unix:/run/0.sock" },
    metrics: { socket: "/run/0.metrics.sock" },
    siblings: ["unix:/run/1.sock", "unix:/run/2.sock"],
  });
});
