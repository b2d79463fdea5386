import { expect, it } from "vitest";
import { toClusterOptions } from "./config.ts";
import {
  gatewayEnv,
  gatewayOfSeveralEnv,
  monitorEnv,
  sharedEnv,
  workerEnv,
} from "./environment.ts";

const tokenSecret = "0123456789abcdef";
const options = (env: Record<string, string>) => toClusterOptions(env, { onReport: () => {} });

it("sends traces to the monitor unless the user has said where", () => {
  const at = (env: Record<string, string>, otlpPort: number | undefined) =>
    sharedEnv({
      options: options(env),
      natsUrl: undefined,
      compileCache: "/c",
      tokenSecret,
      otlpPort,
    })["OTEL_EXPORTER_OTLP_ENDPOINT"];
  expect(at({}, 4318)).toBe("http://127.0.0.1:4318");
  expect(at({ SLUICE_HOST: "0.0.0.0" }, 4318)).toBe("http://127.0.0.1:4318");
  expect(at({ SLUICE_HOST: "::1" }, 4318)).toBe("http://[::1]:4318");
  expect(at({}, undefined)).toBeUndefined();
  expect(at({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://there:1" }, 4318)).toBe("http://there:1");
});

it("does not hand on a NATS_URL that the cluster does not use", () => {
  const env = { NATS_URL: "nats://elsewhere:1", PATH: "/bin" };
  const shared = sharedEnv({
    options: options(env),
    natsUrl: undefined,
    compileCache: "/c",
    tokenSecret,
    otlpPort: undefined,
  });
  expect(shared).toMatchObject({ NATS_URL: undefined, PATH: "/bin", SLUICE_DRAIN_MAX_MS: "4000" });
  expect(shared["SLUICE_TOKEN_SECRET"]).toBe(tokenSecret);
});

it("tells each process what it is and where it listens", () => {
  const worker = { model: "wine", version: 1, instance: "wine-1-0" };
  expect(workerEnv(worker, { address: "unix:/s", metrics: "unix:/m" })).toEqual({
    SLUICE_MODEL: "wine",
    SLUICE_MODEL_VERSION: "1",
    SLUICE_INSTANCE: "wine-1-0",
    SLUICE_WORKER_ADDRESS: "unix:/s",
    SLUICE_WORKER_METRICS_ADDRESS: "unix:/m",
  });
  expect(gatewayEnv("/r", { grpc: 1, metrics: 2 })).toMatchObject({
    SLUICE_ROUTES: "/r",
    SLUICE_GRPC_PORT: "1",
    SLUICE_METRICS_PORT: "2",
  });
  const several = {
    instance: "gateway-1",
    routesPath: "/r",
    sockets: { address: "unix:/s", metrics: "unix:/m" },
    siblings: ["unix:/0", "unix:/2"],
  };
  expect(gatewayOfSeveralEnv(several)).toEqual({
    SLUICE_INSTANCE: "gateway-1",
    SLUICE_ROUTES: "/r",
    SLUICE_GATEWAY_SOCKET: "/s",
    SLUICE_GATEWAY_METRICS_SOCKET: "/m",
    SLUICE_GATEWAY_SIBLINGS: "unix:/0\nunix:/2",
  });
  expect(monitorEnv({ grpc: 1, http: 2, metrics: 3, otlp: 4 })).toMatchObject({
    SLUICE_MONITOR_GRPC_PORT: "1",
    SLUICE_MONITOR_HTTP_PORT: "2",
    SLUICE_MONITOR_METRICS_PORT: "3",
    SLUICE_OTLP_PORT: "4",
  });
});
