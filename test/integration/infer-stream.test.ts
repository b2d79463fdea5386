import { afterEach, expect, it } from "vitest";
import { statusCode } from "#wire/status.ts";
import { inferRequest, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startLinkedGateway, within } from "../support/gateway-probe.ts";
import { type InferInit, InferStreamClient } from "../support/infer-stream-client.ts";
import { LinkWorker } from "../support/link-worker.ts";
import { identityModel } from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

const final = { parameterChoice: { case: "boolParam", value: true } };

function rows(id: string, values: readonly number[], fields: InferInit = {}): InferInit {
  const shape = [BigInt(values.length / 2), 2n];
  return {
    ...{ modelName: "m", id },
    inputs: [{ name: "x", datatype: "FP32", shape, contents: { fp32Contents: [...values] } }],
    ...fields,
  };
}

async function startSystem(): Promise<TestGateway> {
  const files = { "1/model.onnx": identityModel("FP32", ["N", 2]) };
  const worker = open.use(await startTestWorker({ files }));
  const { address, metrics } = worker;
  const workers = [{ instance: "m-1-0", address, metrics }];
  const gateway = open.use(await startTestGateway({ workers }));
  await gateway.serving;
  return gateway;
}

async function startLinked(
  env: Record<string, string> = {},
): Promise<{ worker: LinkWorker; gateway: TestGateway }> {
  const worker = open.use(await LinkWorker.start({ credit: 1_000 }));
  return { worker, gateway: open.use(await startLinkedGateway([worker], { env })) };
}

function connect(gateway: TestGateway, headers: Record<string, string> = {}): InferStreamClient {
  return open.use(new InferStreamClient(gateway.grpc, headers));
}

it("answers in the order of the requests, each with a response that is final", async () => {
  const client = connect(await startSystem());
  for (let count = 0; count < 30; count += 1) {
    // Large ones before small ones, which would otherwise be answered first.
    const size = count % 3 === 0 ? 4_000 : 2;
    client.ask(rows(`${count}`, Array(size).fill(count)));
  }
  client.half();
  expect(await client.status).toMatchObject({ code: 0 });
  expect(client.answers.map(({ inferResponse }) => inferResponse?.id)).toEqual(
    Array.from({ length: 30 }, (_, count) => `${count}`),
  );
  for (const [count, { errorMessage, inferResponse }] of client.answers.entries()) {
    expect(errorMessage).toBe("");
    expect(inferResponse).toMatchObject({
      ...{ modelName: "m", modelVersion: "1" },
      parameters: { triton_final_response: final },
    });
    const [raw = new Uint8Array()] = inferResponse?.rawOutputContents ?? [];
    expect(new Float32Array(Uint8Array.from(raw).buffer)[1]).toBe(count);
  }
});

it("answers a request that fails in its place, and goes on", async () => {
  const client = connect(await startSystem());
  client.ask(rows("good", [1, 2]));
  client.ask(rows("lost", [1, 2], { modelName: "none" }));
  client.ask({ modelName: "m", id: "bad" });
  client.raw(Uint8Array.of(0x0a, 0xff));
  client.ask(rows("also", [3, 4]));
  client.half();
  expect(await client.status).toMatchObject({ code: 0 });
  const told = client.answers.map(({ errorMessage, inferResponse }) => [
    inferResponse?.id,
    errorMessage,
    inferResponse?.parameters["sluice_status"]?.parameterChoice.value,
  ]);
  expect(told).toEqual([
    ["good", "", undefined],
    ["lost", expect.stringContaining('"none" is not found'), 5n],
    ["bad", expect.stringContaining("expected 1 inputs"), 3n],
    ["", expect.stringContaining("not a valid protobuf message"), 3n],
    ["also", "", undefined],
  ]);
  expect(client.answers[2]?.inferResponse).toMatchObject({ modelName: "m", modelVersion: "1" });
});

it("ends at the first error, with its status, where that is asked for", async () => {
  const client = connect(await startSystem(), { triton_grpc_error: "true" });
  client.ask(rows("good", [1, 2]));
  client.ask(rows("lost", [1, 2], { modelName: "none" }));
  client.ask(rows("never", [1, 2]));
  expect(await client.status).toMatchObject({
    code: statusCode.notFound,
    details: expect.stringContaining('"none" is not found'),
  });
  expect(client.answers.map(({ inferResponse }) => inferResponse?.id)).toEqual(["good"]);
});

it("reads no more than it may hold, and takes back what a caller that vanished asked", async () => {
  const { worker, gateway } = await startLinked();
  const client = connect(gateway);
  for (let count = 0; count < 200; count += 1) client.raw(inferRequest("m", { id: `${count}` }));
  await expect.poll(() => worker.waiting, within).toBe(64);
  for (let count = 0; count < 10; count += 1) (await worker.next()).reply();
  await expect.poll(() => worker.waiting, within).toBe(64);
  client.cancel();
  await expect.poll(() => worker.cancelled.length, within).toBe(64);
  const other = gateway.infer(inferRequest());
  await expect.poll(() => worker.waiting, within).toBe(65);
  for (let count = 0; count < 65; count += 1) (await worker.next()).reply();
  expect((await other).code).toBe(0);
});

it("ends where replies that wait need more memory than all streams have", async () => {
  const { worker, gateway } = await startLinked({ SLUICE_HELD_BYTES_MAX: "1048576" });
  const large = inferRequest("m", { id: "large".repeat(60_000) });
  const ask = async (client: InferStreamClient) => {
    for (let count = 0; count < 3; count += 1) client.raw(inferRequest("m", { id: `${count}` }));
    return [await worker.next(), await worker.next(), await worker.next()] as const;
  };
  const greedy = connect(gateway);
  const [, second, third] = await ask(greedy);
  second.reply({}, large);
  third.reply({}, large);
  expect(await greedy.status).toMatchObject({
    code: statusCode.resourceExhausted,
    details: expect.stringContaining("replies wait"),
  });
  // What it held is free again, and each reply that was written frees what it took.
  const modest = connect(gateway);
  for (let round = 1; round <= 3; round += 1) {
    const [first, other, last] = await ask(modest);
    other.reply({}, large);
    first.reply();
    last.reply();
    await expect.poll(() => modest.answers.length, within).toBe(3 * round);
  }
});

it("answers what it has read when the gateway stops, and sends the caller elsewhere", async () => {
  const { worker, gateway } = await startLinked();
  const client = connect(gateway);
  client.raw(inferRequest("m", { id: "held" }));
  const held = await worker.next();
  const stopped = gateway.stop();
  held.reply();
  expect(await client.status).toMatchObject({ code: statusCode.unavailable });
  expect(client.answers.map(({ inferResponse }) => inferResponse?.id)).toEqual(["held"]);
  await stopped;
});
