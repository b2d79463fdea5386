import * as http2 from "node:http2";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, expect, it } from "vitest";
import { BulkAnswerSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { statusCode } from "#wire/status.ts";
import { type BulkCallOptions, BulkClient, tensorItem } from "../support/bulk-client.ts";
import type { TestGateway, TestGatewayOptions } from "../support/gateway.ts";
import { inferRequest } from "../support/gateway.ts";
import { liveRequests, nextOf, startLinkedGateway, within } from "../support/gateway-probe.ts";
import { LinkWorker, type LinkWorkerOptions } from "../support/link-worker.ts";

const mebibyte = 1024 * 1024;
/** What workers answer a bulk item with. */
function answerOf(bytes: number): Uint8Array {
  const value = { rawOutputContents: [new Uint8Array(bytes)] };
  const init = { predictions: { case: "tensors" as const, value } };
  return toBinary(BulkAnswerSchema, create(BulkAnswerSchema, init));
}
const largeAnswer = answerOf(mebibyte / 2);
const smallAnswer = answerOf(8);
let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function startWorker(options: LinkWorkerOptions = {}): Promise<LinkWorker> {
  return open.use(await LinkWorker.start({ rowsMax: 64, credit: 128, ...options }));
}

async function startGateway(
  workers: readonly LinkWorker[],
  options: Omit<TestGatewayOptions, "workers"> = {},
): Promise<TestGateway> {
  return open.use(await startLinkedGateway(workers, options));
}

function connect(gateway: TestGateway, options: BulkCallOptions = {}): BulkClient {
  return open.use(new BulkClient(gateway.grpc, options));
}

it("ends a stream that is sent more than its window, by items and by bytes", async () => {
  const gateway = await startGateway([await startWorker()]);
  const many = connect(gateway);
  await many.open();
  for (let number = 0; number <= 64; number += 1) many.item(tensorItem(number, 1));
  expect(await many.status).toMatchObject({
    code: statusCode.resourceExhausted,
    details: "beyond the window: 64 items are unanswered, limit 64",
  });
  const large = connect(gateway);
  await large.open();
  const value = { rawInputContents: [new Uint8Array(6 * mebibyte)] };
  for (const number of [0n, 1n, 2n]) large.item({ number, rows: { case: "tensors", value } });
  expect(await large.status).toMatchObject({
    code: statusCode.resourceExhausted,
    details: expect.stringMatching(/^beyond the window: \d+ bytes of items are unanswered and/),
  });
});

it("has a share of the workers' credit for bulk, and lets online requests go first", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const client = connect(gateway);
  await client.open();
  for (let number = 0; number < 64; number += 1) client.item(tensorItem(number, 1));
  await expect.poll(() => worker.waiting, within).toBe(16);
  const online = gateway.infer(inferRequest());
  await expect.poll(() => worker.waiting, within).toBe(17);
  const requests = await Promise.all(Array.from({ length: 17 }, () => worker.next()));
  expect(requests.map(({ begin }) => begin.bulk)).toEqual([...Array(16).fill(true), false]);
  for (const request of requests) request.reply({}, smallAnswer);
  expect((await online).code).toBe(0);
  for (let count = 16; count < 64; count += 1) (await worker.next()).reply({}, smallAnswer);
  expect(await client.answered(64)).toHaveLength(64);
});

it("takes back what a client that vanished had under way", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const client = connect(gateway);
  await client.open();
  for (let number = 0; number < 30; number += 1) client.item(tensorItem(number, 1));
  await expect.poll(() => worker.waiting, within).toBe(16);
  client.cancel();
  await expect.poll(() => worker.cancelled.length, within).toBe(16);
  const online = gateway.infer(inferRequest());
  await expect.poll(() => worker.waiting, within).toBe(17);
  for (let count = 0; count < 17; count += 1) (await worker.next()).reply();
  expect((await online).code).toBe(0);
});

it("begins nothing more for a client that takes no answers, and goes on when it does", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const client = connect(gateway, { isReading: false });
  client.sendOpen({ model: "m" });
  for (let number = 0; number < 60; number += 1) client.item(tensorItem(number, 1));
  let answered = 0;
  const reply = async () => {
    (await worker.next()).reply({}, largeAnswer);
    answered += 1;
  };
  await expect.poll(() => worker.waiting, within).toBe(16);
  const standsStill = async () => {
    while (worker.waiting > 0) await reply();
    return await liveRequests(gateway.metrics);
  };
  await expect.poll(standsStill, within).toBe(0);
  expect(answered).toBeLessThan(60);
  client.read();
  while (answered < 60) await reply();
  expect(await client.answered(60)).toHaveLength(60);
});

it("gives what a lost worker had not begun to another, and tries what it had alone", async () => {
  const workers = [await startWorker(), await startWorker({ instance: "m-1-1" })];
  const gateway = await startGateway(workers);
  const client = connect(gateway);
  await client.open();
  for (let number = 0; number < 8; number += 1) client.item(tensorItem(number, 1));
  await expect.poll(() => workers.reduce((sum, one) => sum + one.waiting, 0), within).toBe(8);
  const [loser, started] = await nextOf(workers);
  await started.start();
  await loser.kill();
  await loser.listen();
  let alone = 0;
  const answerAll = async () => {
    for (const worker of workers) {
      while (worker.waiting > 0) {
        const request = await worker.next();
        if (request.begin.alone) alone += 1;
        request.reply({}, smallAnswer);
      }
    }
    return client.answers.length;
  };
  await expect.poll(answerAll, within).toBe(8);
  expect(alone).toBe(1);
  expect(client.answers.map(({ status }) => status)).toEqual(Array(8).fill(0));
});

it("answers what is with workers when told to stop, and sends the client elsewhere", async () => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const client = connect(gateway);
  const { streamId } = await client.open();
  for (let number = 0; number < 40; number += 1) client.item(tensorItem(number, 1));
  await expect.poll(() => worker.waiting, within).toBe(16);
  const stopped = gateway.stop();
  while (worker.waiting > 0) (await worker.next()).reply({}, smallAnswer);
  const { code, retryMs } = await client.status;
  expect([code, retryMs > 0]).toEqual([statusCode.unavailable, true]);
  expect(client.answers).toHaveLength(16);
  await stopped;
  const other = connect(await startGateway([worker]));
  const resumeToken = client.answers.at(-1)?.resumeToken ?? new Uint8Array();
  expect((await other.open({ model: "m", resumeToken })).streamId).toEqual(streamId);
  for (let number = 16; number < 40; number += 1) other.item(tensorItem(number, 1));
  for (let count = 16; count < 40; count += 1) (await worker.next()).reply({}, smallAnswer);
  const numbers = [...client.answers, ...(await other.answered(24))].map(({ number }) => number);
  expect(numbers.map(Number).sort((one, two) => one - two)).toEqual(
    Array.from({ length: 40 }, (_, number) => number),
  );
});

it("waits for a replica as long as it may, and then says that there is none", async () => {
  const worker = await startWorker();
  const env = { SLUICE_BULK_WAIT_MAX_MS: "3000" };
  const gateway = await startGateway([worker], { env });
  const client = connect(gateway);
  await client.open();
  client.item(tensorItem(0, 1));
  await expect.poll(() => worker.waiting, within).toBe(1);
  await worker.kill();
  const [lost] = await client.answered(1);
  expect(lost).toMatchObject({ status: statusCode.unavailable });
  client.item(tensorItem(1, 1));
  await worker.listen();
  const stale = await worker.next();
  stale.reply();
  (await worker.next()).reply({}, smallAnswer);
  const answers = await client.answered(2);
  expect(answers.map(({ status }) => status)).toEqual([statusCode.unavailable, 0]);
});

it.each<[string, number[]]>([
  ["a length of 2 GB", [0, 0x7f, 0xff, 0xff, 0xff, 1, 2, 3]],
  ["a message that is said to be compressed", [1, 0, 0, 0, 2, 0x78, 0x9c]],
])("survives %s on the wire of a stream", async (_, bytes) => {
  const worker = await startWorker();
  const gateway = await startGateway([worker]);
  const session = http2.connect(`http://${gateway.grpc}`);
  open.defer(() => session.destroy());
  const call = session.request({
    ":method": "POST",
    ":path": "/sluice.predict.v1.PredictService/PredictBulk",
    "content-type": "application/grpc",
    te: "trailers",
  });
  call.on("error", () => {});
  call.resume();
  const status = Promise.withResolvers<unknown>();
  call.on(
    "response",
    (headers) => headers["grpc-status"] && status.resolve(headers["grpc-status"]),
  );
  call.on("trailers", (trailers) => status.resolve(trailers["grpc-status"]));
  call.write(Buffer.from(bytes));
  expect(Number(await status.promise)).toBeGreaterThan(0);
  const online = gateway.infer(inferRequest());
  (await worker.next()).reply();
  expect((await online).code).toBe(0);
});
