import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { GetTraceRequestSchema, MonitorService } from "#gen/sluice/monitor/v1/monitor_pb.ts";
import { fetchExposition } from "#platform/exposition.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { samplesDir } from "../support/cluster.ts";
import {
  type ComposeEnv,
  type ComposeProcess,
  startComposeProcess,
  workerNames,
} from "../support/compose-cluster.ts";
import { healthOf } from "../support/health.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { sluice } from "../support/sluice.ts";
import { tempDir } from "../support/temp.ts";

/** Waits for what takes a few processes a few seconds. */
const patience = { timeout: 25_000, interval: 100 };

const open = new AsyncDisposableStack();
let nats: TestNats;
let monitor: ComposeProcess;
let workers: ComposeProcess[];
let gateway: ComposeProcess;
let folder: string;
let env: ComposeEnv;

beforeAll(async () => {
  folder = open.use(await tempDir()).path;
  nats = open.use(await startTestNats());
  const start = async (name: string) => open.use(await startComposeProcess(name, { folder, env }));
  // What cannot be published once NATS is gone is not waited for.
  env = { NATS_URL: nats.url, SLUICE_DRAIN_MAX_MS: "2000", OTEL_EXPORTER_OTLP_ENDPOINT: "" };
  monitor = await start("monitor");
  env = { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://${monitor.ready["otlp"]}` };
  workers = await Promise.all(workerNames.map(start));
  gateway = await startComposeProcess("gateway", { folder, env });
  await allServe();
}, 120_000);

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await open.disposeAsync();
}, 60_000);

async function allServe(): Promise<void> {
  for (const name of workerNames) {
    const [model, version] = name.split("-").slice(1);
    await vi.waitFor(async () => {
      expect(await healthOf(gateway.ready["grpc"] ?? "", `${model}/${version}`)).toBe("SERVING");
    }, patience);
  }
}

async function predictWine() {
  const server = gateway.ready["grpc"] ?? "";
  return await sluice(["predict", "wine", "--row", "1", "--server", server, "--json"], {
    env: { ...env, SLUICE_MODELS: samplesDir, SLUICE_DATA: folder },
  });
}

describe("the cluster of deploy/compose.yaml", () => {
  it("predicts, over TCP, with workers it learned of from NATS", async () => {
    expect(await predictWine()).toMatchObject({ code: 0 });
  });

  it("shows a request as one trace from the command line to the worker", async () => {
    const { output } = await predictWine();
    const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(output)?.[0] ?? "";
    using client = new RpcClient(monitor.ready["grpc"] ?? "");
    const services = async () => {
      const request = create(GetTraceRequestSchema, { id });
      const options = { deadlineMs: 5_000 };
      const { message } = await client.unary(MonitorService.method.getTrace, request, options);
      return [...new Set(message.spans.map(({ service }) => service))];
    };
    const wanted = ["sluice-cli", "sluice-gateway", "sluice-worker", "sluice-monitor"];
    await expect.poll(services, patience).toEqual(expect.arrayContaining(wanted));
  });

  it("has every process tell its own metrics and no one else's", async () => {
    const told = async (address: string | undefined) => fetchExposition(address ?? "", 5_000);
    expect(await told(gateway.ready["metrics"])).not.toContain("sluice_worker_");
    for (const { ready } of workers) {
      expect(await told(ready["metrics"])).toContain("sluice_worker_model_ready{");
    }
  });

  it("goes on after a restart of the gateway while NATS is gone", async () => {
    await nats.stop();
    await gateway[Symbol.asyncDispose]();
    gateway = await startComposeProcess("gateway", { folder, env });
    await allServe();
    expect(await predictWine()).toMatchObject({ code: 0 });
  });
});
