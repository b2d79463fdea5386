import { afterEach, expect, it } from "vitest";
import { toHex } from "#core/hex.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { statusCode } from "#wire/status.ts";
import {
  inferRequest,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from "../support/gateway.ts";
import { startLinkedGateway, waitingRequests, within } from "../support/gateway-probe.ts";
import { healthOf } from "../support/health.ts";
import { inferBytes } from "../support/infer.ts";
import { LinkWorker, type LinkWorkerOptions } from "../support/link-worker.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function startWorker(options: LinkWorkerOptions = {}): Promise<LinkWorker> {
  return open.use(await LinkWorker.start(options));
}

async function startGateway(
  workers: readonly LinkWorker[],
  options: Omit<TestGatewayOptions, "workers"> = {},
): Promise<TestGateway> {
  return open.use(await startLinkedGateway(workers, options));
}

it("passes request and reply on as they are", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const payload = inferRequest("m", { id: "mine" });
  const answer = gateway.infer(payload, { deadlineMs: 20_000 });
  const request = await worker.next();
  expect(Buffer.from(request.payload)).toEqual(Buffer.from(payload));
  expect(request.begin).toMatchObject({ model: "m", version: 1, attempt: 1, alone: false });
  expect(request.begin.deadlineMs).toBeGreaterThan(10_000);
  expect(request.begin.deadlineMs).toBeLessThanOrEqual(20_000);
  request.reply({ status: 0 }, Uint8Array.of(1, 2, 3));
  const { code, payload: reply, metadata } = await answer;
  expect([code, reply]).toEqual([0, Buffer.of(1, 2, 3)]);
  const id = metadata["sluice-prediction-id"]?.replaceAll("-", "");
  expect(id).toBe(toHex(request.begin.predictionId));
});

it("passes a worker's refusal on with its status and words", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const answer = gateway.infer(inferRequest());
  (await worker.next()).reply({ status: 3, message: "input x: expected FP32, got FP64" });
  expect(await answer).toMatchObject({
    code: statusCode.invalidArgument,
    details: "input x: expected FP32, got FP64",
  });
});

it("carries large requests and replies beside small ones", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const large = inferRequest("m", { bytes: 20_000_000 });
  const largeAnswer = gateway.infer(large);
  const smallAnswers = Array.from({ length: 20 }, () => gateway.infer(inferRequest()));
  for (let count = 0; count < 21; count += 1) (await worker.next()).reply();
  expect(Buffer.compare((await largeAnswer).payload ?? Buffer.of(), large)).toBe(0);
  for (const answer of await Promise.all(smallAnswers)) expect(answer.code).toBe(0);
});

it("gives a worker no more than its credit and goes on when it answers", async () => {
  const worker = await startWorker({ credit: 2 });
  const gateway = await startGateway([worker]);
  const answers = [1, 2, 3].map(() => gateway.infer(inferRequest()));
  const first = await worker.next();
  const second = await worker.next();
  await expect.poll(async () => await waitingRequests(gateway.metrics), within).toBe(1);
  expect(worker.waiting).toBe(0);
  first.reply();
  second.reply();
  (await worker.next()).reply();
  for (const answer of await Promise.all(answers)) expect(answer.code).toBe(0);
});

it("refuses at once what a full queue has no room for", async () => {
  const worker = await startWorker({ credit: 1, queueRowsMax: 2 });
  const gateway = await startGateway([worker]);
  const controller = new AbortController();
  const { signal } = controller;
  void gateway.infer(inferRequest(), { signal });
  await worker.next();
  void gateway.infer(inferRequest(), { signal });
  void gateway.infer(inferRequest(), { signal });
  await expect.poll(async () => await waitingRequests(gateway.metrics), within).toBe(2);
  const refused = await gateway.infer(inferRequest());
  expect(refused).toMatchObject({
    code: statusCode.resourceExhausted,
    details: "queue of m@1 full: 2 waiting, limit 2",
  });
  expect(Number(refused.metadata["grpc-retry-pushback-ms"])).toBeGreaterThan(0);
  controller.abort();
});

it("ends a request at its deadline wherever it is, and tells the worker", async () => {
  const worker = await startWorker({ credit: 1 });
  const gateway = await startGateway([worker]);
  const held = gateway.infer(inferRequest(), { deadlineMs: 1_000 });
  const { begin } = await worker.next();
  const queued = gateway.infer(inferRequest(), { deadlineMs: 500 });
  expect(await queued).toMatchObject({ code: statusCode.deadlineExceeded });
  expect(await held).toMatchObject({ code: statusCode.deadlineExceeded });
  await expect.poll(() => worker.cancelled, within).toEqual([begin.id]);
});

it("refuses what has waited for a worker as long as it may", async () => {
  const worker = await startWorker({ credit: 1 });
  const gateway = await startGateway([worker]);
  const held = gateway.infer(inferRequest());
  const first = await worker.next();
  const timeout = { parameterChoice: { case: "int64Param" as const, value: 50_000n } };
  const impatient = inferBytes({ modelName: "m", parameters: { timeout } });
  const { code, details, metadata } = await gateway.infer(impatient, { deadlineMs: 20_000 });
  expect(code).toBe(statusCode.resourceExhausted);
  expect(details).toBe("waited 50 ms for a worker of m@1, the limit");
  expect(Number(metadata["grpc-retry-pushback-ms"])).toBeGreaterThan(0);
  first.reply();
  expect((await held).code).toBe(0);
});

it("gives requests without a deadline one of its own", async () => {
  const worker = await startWorker();
  const env = { SLUICE_DEADLINE_DEFAULT_MS: "50" };
  const gateway = await startGateway([worker], { env });
  const answer = await gateway.infer(inferRequest());
  expect(answer.code).toBe(statusCode.deadlineExceeded);
  expect(answer.details).toMatch(/^deadline exceeded after \d+ ms: /);
});

it("frees what a caller gave up, in its own queue and in the worker", async () => {
  const worker = await startWorker({ credit: 1 });
  const gateway = await startGateway([worker]);
  const controller = new AbortController();
  const first = gateway.infer(inferRequest(), { signal: controller.signal });
  const { begin } = await worker.next();
  const second = gateway.infer(inferRequest(), { signal: controller.signal });
  await expect.poll(async () => await waitingRequests(gateway.metrics), within).toBe(1);
  controller.abort();
  expect((await first).code).toBe(statusCode.cancelled);
  expect((await second).code).toBe(statusCode.cancelled);
  await expect.poll(() => worker.cancelled, within).toEqual([begin.id]);
  await expect.poll(async () => await waitingRequests(gateway.metrics), within).toBe(0);
});

it("does not trust a worker of another cluster or another model", async () => {
  const [other, wrong] = [
    await startWorker({ cluster: "elsewhere" }),
    await startWorker({ instance: "m-1-1", model: "n" }),
  ];
  const workers = [other, wrong].map(({ instance, address }) => ({ instance, address }));
  const gateway = open.use(await startTestGateway({ workers }));
  await expect
    .poll(async () => (await gateway.infer(inferRequest())).details)
    .toMatch(/belongs to cluster "elsewhere", not "local"|serves n@1, not m@1/);
});

it("does not take the worker that follows another at its address for the same", async () => {
  const worker = await startWorker({ instance: "m-1-7" });
  const workers = [{ instance: "m-1-0", address: worker.address }];
  const gateway = open.use(await startTestGateway({ workers }));
  await expect
    .poll(async () => (await gateway.infer(inferRequest())).details)
    .toMatch(/is m-1-7, not m-1-0/);
});

it("says why a model has failed, and stays unready while none is ready", async () => {
  const worker = await startWorker({ state: ModelState.FAILED, reason: "no operator Foo" });
  const workers = [{ instance: worker.instance, address: worker.address }];
  const gateway = open.use(await startTestGateway({ workers }));
  await expect
    .poll(async () => await gateway.infer(inferRequest()))
    .toMatchObject({
      code: statusCode.unavailable,
      details: '"m" version 1 is not ready: no operator Foo',
    });
  expect(await healthOf(gateway.grpc)).toBe("NOT_SERVING");
  worker.hello(ModelState.READY);
  await expect.poll(() => healthOf(gateway.grpc), within).toBe("SERVING");
});

it("finishes what it holds when told to stop, and refuses what is new", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const held = gateway.infer(inferRequest());
  const request = await worker.next();
  const stopped = gateway.stop();
  expect(await gateway.infer(inferRequest())).toMatchObject({
    code: statusCode.unavailable,
    details: "the gateway is stopping",
  });
  expect(await healthOf(gateway.grpc)).toBe("NOT_SERVING");
  request.reply();
  expect((await held).code).toBe(0);
  await stopped;
});

it("answers UNAVAILABLE for what is left when its time to stop is over", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker], { env: { SLUICE_DRAIN_MAX_MS: "100" } });
  const held = gateway.infer(inferRequest());
  await worker.next();
  await gateway.stop();
  const { code, metadata } = await held;
  expect(code).toBe(statusCode.unavailable);
  expect(metadata["grpc-retry-pushback-ms"]).toBeDefined();
});
