import { readFile } from "node:fs/promises";
import { afterEach, expect, it } from "vitest";
import { encodeToken } from "#core/model/name.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { workersBucket } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { decodePredictionMessage } from "#wire/event/decode.ts";
import { statusCode } from "#wire/status.ts";
import { inferRequest, startTestGateway } from "../support/gateway.ts";
import { healthOf } from "../support/health.ts";
import { LinkWorker } from "../support/link-worker.ts";
import { startTestNats } from "../support/nats.ts";

const within = { timeout: 25_000, interval: 20 };

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function startBus(url: string): Promise<Bus> {
  const bus = open.use(await openBus({ url, name: "test", log: silentLog }));
  await expect.poll(() => bus.isConnected, within).toBe(true);
  return bus;
}

/** Writes the hint a worker writes every two seconds. */
async function hint(bus: Bus, worker: { instance: string; address: string; metrics?: string }) {
  const { instance, address, metrics = "" } = worker;
  const text = JSON.stringify({
    ...{ instance, address, metrics, model: "m", version: 1, digest: "d", state: "ready" },
  });
  const store = await bus.store(workersBucket);
  await store.put(encodeToken(instance), new TextEncoder().encode(text));
}

it("dials a worker it learns of, and can start again from what it kept of it", async () => {
  const nats = open.use(await startTestNats());
  const bus = await startBus(nats.url);
  const worker = open.use(await LinkWorker.start());
  const gateway = open.use(await startTestGateway({ env: { NATS_URL: nats.url } }));
  expect(await healthOf(gateway.grpc, "m")).toMatch(/NOT_FOUND/);
  // Nothing is kept of a hint that the routes file could not hold.
  await hint(bus, { instance: "m-1-1", address: "nowhere:1", metrics: "nowhere:2" });
  await hint(bus, worker);
  await expect.poll(() => healthOf(gateway.grpc, "m/1"), within).toBe("SERVING");
  const routes = async () => JSON.parse(await readFile(gateway.routesPath, "utf8"));
  const models = [
    {
      ...{ model: "m", version: 1, state: "expected", reason: "" },
      workers: [{ instance: "m-1-0", address: worker.address, metrics: "", learned: true }],
    },
  ];
  await expect.poll(routes, within).toEqual({ format: 1, cluster: "local", models });
  const { models: kept } = await routes();
  const later = open.use(await startTestGateway({ models: kept }));
  await later.serving;
  const answer = later.infer(inferRequest());
  (await worker.next()).reply();
  expect((await answer).code).toBe(0);
});

it("becomes ready though a version it had learned of is served no more", async () => {
  const nats = open.use(await startTestNats());
  const worker = open.use(await LinkWorker.start());
  const gone = { instance: "n-1-0", address: "unix:/nowhere.sock", metrics: "", learned: true };
  const { instance, address } = worker;
  const version = { version: 1, state: "expected", reason: "" } as const;
  const models = [
    { model: "m", ...version, workers: [{ instance, address, metrics: "", learned: true }] },
    { model: "n", ...version, workers: [gone] },
  ];
  const gateway = open.use(await startTestGateway({ models, env: { NATS_URL: nats.url } }));
  await gateway.serving;
  const routes = async () => JSON.parse(await readFile(gateway.routesPath, "utf8"));
  await expect.poll(routes, within).toMatchObject({ models: [{ model: "m" }] });
  expect(await gateway.infer(inferRequest("n"))).toMatchObject({
    code: statusCode.unavailable,
    details: '"n" version 1 is not ready: no worker is running',
  });
});

it("forgets a model that only a hint of an earlier cluster spoke of", async () => {
  const nats = open.use(await startTestNats());
  const bus = await startBus(nats.url);
  await hint(bus, { instance: "m-1-0", address: "unix:/nowhere.sock" });
  const gateway = open.use(await startTestGateway({ env: { NATS_URL: nats.url } }));
  const code = async () => (await gateway.infer(inferRequest())).code;
  await expect.poll(code, within).toBe(statusCode.unavailable);
  await expect.poll(code, within).toBe(statusCode.notFound);
});

it("forgets a worker whose hint is taken back once its link is gone, and not before", async () => {
  const nats = open.use(await startTestNats());
  const bus = await startBus(nats.url);
  const worker = open.use(await LinkWorker.start());
  const gateway = open.use(await startTestGateway({ env: { NATS_URL: nats.url } }));
  await hint(bus, worker);
  await expect.poll(() => healthOf(gateway.grpc, "m/1"), within).toBe("SERVING");
  const store = await bus.store(workersBucket);
  await store.delete(encodeToken(worker.instance));
  const answer = gateway.infer(inferRequest());
  (await worker.next()).reply();
  expect((await answer).code).toBe(0);
  await worker.kill();
  const details = async () => (await gateway.infer(inferRequest())).details;
  await expect.poll(details, within).toBe('"m" version 1 is not ready: no worker is running');
});

it("goes on predicting when NATS goes, and starts without it", async () => {
  const nats = open.use(await startTestNats());
  const worker = open.use(await LinkWorker.start());
  const workers = [{ instance: worker.instance, address: worker.address }];
  const env = { NATS_URL: nats.url };
  const gateway = open.use(await startTestGateway({ workers, env }));
  await gateway.serving;
  await nats.stop();
  const later = open.use(await startTestGateway({ workers, env }));
  await later.serving;
  for (const one of [gateway, later]) {
    const answer = one.infer(inferRequest());
    (await worker.next()).reply();
    expect((await answer).code).toBe(0);
  }
});

it("tells the rows a lost worker had answered, as soon as it can", async () => {
  const nats = open.use(await startTestNats());
  const bus = await startBus(nats.url);
  await bus.ensureStream({
    name: "SLUICE_PREDICTIONS",
    subjects: ["sluice.prediction.>"],
    bytesMax: 1_000_000,
    ageMsMax: 60_000,
  });
  const worker = open.use(await LinkWorker.start());
  const workers = [{ instance: worker.instance, address: worker.address }];
  const gateway = open.use(await startTestGateway({ workers, env: { NATS_URL: nats.url } }));
  await gateway.serving;
  for (let count = 0; count < 3; count += 1) {
    const answer = gateway.infer(inferRequest());
    (await worker.next()).reply();
    await answer;
  }
  await nats.stop();
  await worker.kill();
  await expect.poll(() => healthOf(gateway.grpc, "m"), within).toBe("NOT_SERVING");
  await nats.start();
  const stop = new AbortController();
  const subjects = ["sluice.prediction.m.1"];
  const messages = bus.consume({
    ...{ stream: "SLUICE_PREDICTIONS", subjects, fromSeq: 1, signal: stop.signal },
  });
  for await (const { data } of messages) {
    expect(decodePredictionMessage(data)).toMatchObject({
      kind: "producer-end",
      end: { answered: 3, gateway: "test-gateway" },
    });
    stop.abort();
  }
  expect(stop.signal.aborted).toBe(true);
});
