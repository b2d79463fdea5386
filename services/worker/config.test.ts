import { expect, test } from "vitest";
import { readEnv, toConfig } from "./config.ts";

const needed = { SLUICE_MODEL: "wine", SLUICE_MODEL_VERSION: "1" };

test("needs to be told its model and version, and has defaults for the rest", () => {
  const config = toConfig(readEnv(needed));
  expect(config).toMatchObject({
    ref: { model: "wine", version: 1 },
    cluster: "local",
    listen: { address: "127.0.0.1:8021", setting: "SLUICE_WORKER_GRPC_PORT" },
    metrics: { host: "127.0.0.1", port: 8022 },
    natsUrl: undefined,
    runMaxMs: 30_000,
    drainMaxMs: 30_000,
    messageBytesMax: 64 * 1024 * 1024,
  });
  expect(config.instance).toContain("wine@1");
});

test("takes sockets and addresses", () => {
  const config = toConfig(
    readEnv({
      ...needed,
      SLUICE_WORKER_ADDRESS: "unix:/run/a.sock",
      SLUICE_WORKER_METRICS_ADDRESS: "[::1]:9000",
    }),
  );
  expect(config.listen).toEqual({ address: "unix:/run/a.sock", setting: "SLUICE_WORKER_ADDRESS" });
  expect(config.metrics).toMatchObject({ host: "[::1]", port: 9000 });
});

test("reports everything that is wrong in one line", () => {
  const env = {
    SLUICE_MODEL: "../wine",
    SLUICE_MODEL_VERSION: "01",
    SLUICE_WORKER_ADDRESS: "nowhere",
    SLUICE_WORKER_METRICS_ADDRESS: "nowhere",
    SLUICE_RUN_MAX_MS: "soon",
  };
  const expected = /no model name.*from 1.*ADDRESS must be.*METRICS_ADDRESS must be.*RUN_MAX_MS/;
  expect(() => toConfig(readEnv(env))).toThrow(expected);
  expect(() => toConfig(readEnv({}))).toThrow(
    "SLUICE_MODEL is not set; SLUICE_MODEL_VERSION is not set",
  );
});
