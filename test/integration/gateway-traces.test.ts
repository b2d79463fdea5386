import { create, toBinary } from "@bufbuild/protobuf";
import { afterEach, expect, it } from "vitest";
import { ModelInferRequestSchema } from "#gen/inference/grpc_service_pb.ts";
import { inferRequest, startTestGateway } from "../support/gateway.ts";
import { LinkWorker } from "../support/link-worker.ts";
import { identityModel } from "../support/models.ts";
import { receiveSpans } from "../support/spans.ts";
import { startTestWorker } from "../support/worker.ts";

const within = { timeout: 20_000, interval: 5 };
const traceId = "0af7651916cd43dd8448eb211c80319c";
const callerSpanId = "b7ad6b7169203331";
const sampled = { traceparent: `00-${traceId}-${callerSpanId}-01` };
const unsampled = { traceparent: `00-${traceId}-${callerSpanId}-00` };

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function startCluster(env: Readonly<Record<string, string>> = {}) {
  const receiver = open.use(await receiveSpans());
  const both = { ...receiver.env, ...env };
  const files = { "1/model.onnx": identityModel("FP32", ["N", 2]) };
  const worker = open.use(await startTestWorker({ files, env: both }));
  const { address } = worker;
  const workers = [{ instance: "m-1-0", address }];
  const gateway = open.use(await startTestGateway({ workers, env: both }));
  await gateway.serving;
  return { gateway, spans: receiver.spans };
}

function request(values: readonly number[]): Uint8Array {
  const tensor = { name: "x", datatype: "FP32", shape: [1n, BigInt(values.length)] };
  const message = create(ModelInferRequestSchema, {
    ...{ modelName: "m", id: "mine" },
    inputs: [{ ...tensor, contents: { fp32Contents: [...values] } }],
  });
  return toBinary(ModelInferRequestSchema, message);
}

const serverName = "inference.GRPCInferenceService/ModelInfer";

it("puts a request into its caller's trace, from the gateway to the batch it ran in", async () => {
  const { gateway, spans } = await startCluster();
  const { metadata } = await gateway.infer(request([1, 2]), { metadata: sampled });
  await expect.poll(() => spans.size, within).toBe(4);
  const server = spans.get(serverName);
  const attempt = spans.get("sluice.link m@1");
  const run = spans.get("run m@1");
  const batch = spans.get("batch m@1");
  for (const span of [server, attempt, run, batch]) expect(span?.traceId).toBe(traceId);
  expect(server?.parentSpanId).toBe(callerSpanId);
  expect(attempt?.parentSpanId).toBe(server?.spanId);
  expect(run?.parentSpanId).toBe(attempt?.spanId);
  expect(batch?.parentSpanId).toBe(run?.spanId);
  expect([server?.kind, attempt?.kind]).toEqual(["server", "client"]);
  expect(server?.attributes).toMatchObject({
    "rpc.grpc.status_code": 0,
    "sluice.model": "m",
    "sluice.prediction_id": metadata["sluice-prediction-id"],
    "sluice.request_id": "mine",
    "sluice.kept": "sampled",
    "sluice.rows": 1,
  });
  expect(attempt?.attributes).toMatchObject({ "sluice.worker": "m-1-0", "sluice.attempt": 1 });
  expect(attempt?.startUs).toBeGreaterThanOrEqual(server?.startUs ?? 0);
  expect(attempt?.endUs).toBeLessThanOrEqual(server?.endUs ?? 0);
});

it("keeps what failed though nobody sampled it, and has the worker keep it too", async () => {
  const { gateway, spans } = await startCluster();
  await gateway.infer(request([1, 2]), { metadata: unsampled });
  const failed = await gateway.infer(request([1, 2, 3]), { metadata: unsampled });
  await expect.poll(() => spans.has("run m@1"), within).toBe(true);
  const server = spans.get(serverName);
  expect(server?.error).toBe(failed.details);
  expect(server?.attributes).toMatchObject({
    "sluice.kept": "error",
    "sluice.prediction_id": failed.metadata["sluice-prediction-id"],
  });
  expect(spans.get("run m@1")?.traceId).toBe(traceId);
});

it("keeps what was refused before it found a model", async () => {
  const { gateway, spans } = await startCluster();
  await gateway.infer(inferRequest("none"));
  await expect.poll(() => spans.size, within).toBe(1);
  expect(spans.get(serverName)).toMatchObject({
    parentSpanId: "",
    error: expect.stringContaining("is not found"),
  });
});

it("keeps what was slow", async () => {
  const { gateway, spans } = await startCluster({ SLUICE_TRACE_SLOW_MS: "0" });
  await gateway.infer(request([1, 2]), { metadata: unsampled });
  await expect.poll(() => spans.has("run m@1"), within).toBe(true);
  expect(spans.get(serverName)?.attributes["sluice.kept"]).toBe("slow");
});

it("shows a failed attempt and the one that followed", async () => {
  const receiver = open.use(await receiveSpans());
  const instances = ["m-1-0", "m-1-1"];
  const workers = await Promise.all(
    instances.map(async (instance) => open.use(await LinkWorker.start({ instance }))),
  );
  const routes = workers.map(({ instance, address }) => ({ instance, address }));
  const gateway = open.use(await startTestGateway({ workers: routes, env: receiver.env }));
  await gateway.serving;
  const answer = gateway.infer(inferRequest(), { metadata: sampled });
  const busy = () => workers.find((worker) => worker.waiting > 0);
  await expect.poll(() => busy() !== undefined, within).toBe(true);
  const loser = busy();
  await loser?.kill();
  const other = workers.find((worker) => worker !== loser);
  (await other?.next())?.reply();
  expect((await answer).code).toBe(0);
  await expect.poll(() => receiver.spans.has(serverName), within).toBe(true);
  const server = receiver.spans.get(serverName);
  expect(server?.attributes["sluice.attempts"]).toBe(2);
  expect(server?.events).toMatchObject([
    {
      name: "attempt failed",
      attributes: { "sluice.attempt": 1, "sluice.worker": loser?.instance },
    },
  ]);
});
