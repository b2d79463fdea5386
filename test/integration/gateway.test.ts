import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  GRPCInferenceService,
  ModelConfigRequestSchema,
  ModelInferRequestSchema,
  ModelInferResponseSchema,
  ModelMetadataRequestSchema,
  ModelReadyRequestSchema,
  ModelStatisticsRequestSchema,
  RepositoryIndexRequestSchema,
  RepositoryModelLoadRequestSchema,
  ServerLiveRequestSchema,
  ServerMetadataRequestSchema,
  ServerReadyRequestSchema,
  SystemSharedMemoryStatusRequestSchema,
} from "#gen/inference/grpc_service_pb.ts";
import { ControlService, ListModelsRequestSchema } from "#gen/sluice/control/v1/control_pb.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { PredictRequestSchema, PredictService } from "#gen/sluice/predict/v1/predict_pb.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { statusCode } from "#wire/status.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { healthOf } from "../support/health.ts";
import { identityModel } from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

const call = { deadlineMs: 20_000 };
const open = new AsyncDisposableStack();
let gateway: TestGateway;
let client: RpcClient;

beforeAll(async () => {
  const worker = open.use(
    await startTestWorker({ files: { "1/model.onnx": identityModel("FP32", ["N", 2]) } }),
  );
  const { address, metrics } = worker;
  gateway = open.use(
    await startTestGateway({
      env: { SLUICE_MESSAGE_BYTES_MAX: "1000000" },
      models: [
        {
          ...{ model: "m", version: 1, state: "expected", reason: "" },
          workers: [{ instance: "m-1-0", address, metrics }],
        },
        { model: "bad", version: 0, state: "failed", reason: "model.yaml: no", workers: [] },
      ],
    }),
  );
  await gateway.serving;
  client = open.use(new RpcClient(gateway.grpc));
});

afterAll(async () => await open.disposeAsync());

const methods = GRPCInferenceService.method;

function inferRequest(values: readonly number[], fields: { id?: string; version?: string } = {}) {
  const { id = "", version: modelVersion = "" } = fields;
  const shape = [BigInt(values.length / 2), 2n];
  return create(ModelInferRequestSchema, {
    ...{ modelName: "m", modelVersion, id },
    inputs: [{ name: "x", datatype: "FP32", shape, contents: { fp32Contents: [...values] } }],
  });
}

it("answers a prediction with the version that ran, and with an id of its own", async () => {
  const { message, metadata } = await client.unary(
    methods.modelInfer,
    inferRequest([1, 2, 3, 4], { id: "mine" }),
    call,
  );
  expect(message).toMatchObject({
    ...{ modelName: "m", modelVersion: "1", id: "mine" },
    outputs: [{ name: "y", datatype: "FP32", shape: [2n, 2n] }],
  });
  const [raw = new Uint8Array()] = message.rawOutputContents;
  expect([...new Float32Array(Uint8Array.from(raw).buffer)]).toEqual([1, 2, 3, 4]);
  expect(metadata["sluice-prediction-id"]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
  expect(metadata["server-timing"]).toBeUndefined();
});

it("answers a prediction by feature name", async () => {
  const numbers = (value: number) => ({ case: "numbers" as const, value: { values: [value] } });
  const request = create(PredictRequestSchema, {
    model: "m",
    columns: [
      { name: "x.0", values: numbers(5) },
      { name: "x.1", values: numbers(6) },
    ],
  });
  const { message, metadata } = await client.unary(PredictService.method.predict, request, call);
  expect(message).toMatchObject({ model: "m", version: "1", rows: 1 });
  expect(message.predictionId).toBe(metadata["sluice-prediction-id"]);
});

it("tells on request where the time went, in parts that sum to the whole", async () => {
  const { metadata } = await client.unary(methods.modelInfer, inferRequest([1, 2]), {
    ...call,
    metadata: { "sluice-explain": "1" },
  });
  const parts = (metadata["server-timing"] ?? "").split(", ").map((part) => part.split(";dur="));
  const ms = Object.fromEntries(parts.map(([name, text]) => [name, Number(text)]));
  const { total = 0, ...rest }: Record<string, number> = ms;
  expect(Object.keys(rest)).toEqual(expect.arrayContaining(["wait", "link", "queue", "run"]));
  const sum = Object.values(rest).reduce((before, one) => before + one, 0);
  expect(Math.abs(sum - total)).toBeLessThanOrEqual(total * 0.05);
});

it.each<[string, { model?: string; version?: string }, number, string]>([
  ["an unknown model", { model: "none" }, statusCode.notFound, '"none" is not found'],
  ["an unknown version", { version: "9" }, statusCode.notFound, "version 9 is not found"],
  ["no version at all", { version: "1abc" }, statusCode.invalidArgument, '"1abc" is no version'],
  ["a model that was kept out", { model: "bad" }, statusCode.unavailable, "model.yaml: no"],
])("refuses a prediction for %s", async (_, { model = "m", version = "" }, code, message) => {
  const request = create(ModelInferRequestSchema, { modelName: model, modelVersion: version });
  const answer = await gateway.infer(toBinary(ModelInferRequestSchema, request));
  expect(answer).toMatchObject({ code, details: expect.stringContaining(message) });
  expect(answer.metadata["sluice-prediction-id"]).toBeDefined();
});

it("refuses bytes that are no request, and a message over the limit, and goes on", async () => {
  const broken = await gateway.infer(Uint8Array.of(0x0a, 0xff));
  expect(broken).toMatchObject({
    code: statusCode.invalidArgument,
    details: expect.stringContaining("not a valid protobuf message"),
  });
  const largest = await gateway.infer(new Uint8Array(1_000_000));
  expect(largest.code).toBe(statusCode.invalidArgument);
  const huge = await gateway.infer(new Uint8Array(1_000_001));
  expect(huge.code).toBe(statusCode.resourceExhausted);
  const fine = await gateway.infer(toBinary(ModelInferRequestSchema, inferRequest([1, 2])));
  expect(fine.code).toBe(0);
  expect(fromBinary(ModelInferResponseSchema, fine.payload ?? new Uint8Array()).modelName).toBe(
    "m",
  );
});

it("answers live, ready and what it is", async () => {
  const live = await client.unary(methods.serverLive, create(ServerLiveRequestSchema), call);
  const ready = await client.unary(methods.serverReady, create(ServerReadyRequestSchema), call);
  const server = await client.unary(
    methods.serverMetadata,
    create(ServerMetadataRequestSchema),
    call,
  );
  expect([live.message.live, ready.message.ready]).toEqual([true, true]);
  expect(server.message).toMatchObject({ name: "sluice", version: expect.stringMatching(/^\d/) });
  expect(server.message.extensions).toContain("statistics");
});

it("answers whether a model is ready, and why not", async () => {
  const ask = async (name: string, version: string = "") => {
    const request = create(ModelReadyRequestSchema, { name, version });
    return (await client.unary(methods.modelReady, request, call)).message.ready;
  };
  expect(await ask("m")).toBe(true);
  expect(await ask("m", "1")).toBe(true);
  await expect(ask("none")).rejects.toMatchObject({ code: "not-found" });
  await expect(ask("m", "2")).rejects.toMatchObject({ code: "not-found" });
  await expect(ask("bad")).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("model.yaml: no"),
  });
});

it("describes a model in the words of the protocol", async () => {
  const metadata = await client.unary(
    methods.modelMetadata,
    create(ModelMetadataRequestSchema, { name: "m" }),
    call,
  );
  expect(metadata.message).toMatchObject({
    ...{ name: "m", versions: ["1"], platform: "onnxruntime_onnx" },
    inputs: [{ name: "x", datatype: "FP32", shape: [-1n, 2n] }],
  });
  const config = await client.unary(
    methods.modelConfig,
    create(ModelConfigRequestSchema, { name: "m", version: "1" }),
    call,
  );
  expect(config.message.config).toMatchObject({
    ...{ name: "m", maxBatchSize: 64, input: [{ name: "x", dims: [2n] }] },
  });
});

it("counts rows, runs and nanoseconds of what it answered", async () => {
  const ask = async () => {
    const request = create(ModelStatisticsRequestSchema, { name: "m", version: "1" });
    const { message } = await client.unary(methods.modelStatistics, request, call);
    const [statistics] = message.modelStats;
    if (statistics?.inferenceStats === undefined) throw new Error("no statistics");
    return { ...statistics, stats: statistics.inferenceStats };
  };
  const before = await ask();
  await client.unary(methods.modelInfer, inferRequest([1, 2, 3, 4, 5, 6]), call);
  const failing = create(ModelInferRequestSchema, { modelName: "m" });
  await expect(client.unary(methods.modelInfer, failing, call)).rejects.toMatchObject({
    code: "invalid-argument",
  });
  const after = await ask();
  expect(after.inferenceCount - before.inferenceCount).toBe(3n);
  expect(after.executionCount - before.executionCount).toBe(1n);
  const success = (one: typeof after) => one.stats.success?.count ?? 0n;
  const failures = (one: typeof after) => one.stats.fail?.count ?? 0n;
  expect(success(after) - success(before)).toBe(1n);
  expect(failures(after) - failures(before)).toBe(1n);
  expect(after.stats.success?.ns).toBeGreaterThan(after.stats.computeInfer?.ns ?? 0n);
  expect(after.batchStats.map((batch) => batch.batchSize)).toContain(3n);
  const all = create(ModelStatisticsRequestSchema);
  const { message } = await client.unary(methods.modelStatistics, all, call);
  expect(message.modelStats.map((one) => one.name)).toEqual(["m"]);
});

it("lists the repository with states and reasons", async () => {
  const list = async (fields: { ready?: boolean; repositoryName?: string }) => {
    const request = create(RepositoryIndexRequestSchema, fields);
    return (await client.unary(methods.repositoryIndex, request, call)).message.models;
  };
  expect(await list({})).toMatchObject([
    { name: "bad", version: "", state: "UNAVAILABLE", reason: "model.yaml: no" },
    { name: "m", version: "1", state: "READY", reason: "" },
  ]);
  expect(await list({ ready: true })).toMatchObject([{ name: "m" }]);
  await expect(list({ repositoryName: "x" })).rejects.toMatchObject({ code: "unimplemented" });
});

it("answers UNIMPLEMENTED for what it does not do", async () => {
  const load = client.unary(
    methods.repositoryModelLoad,
    create(RepositoryModelLoadRequestSchema, { modelName: "m" }),
    call,
  );
  await expect(load).rejects.toMatchObject({ code: "unimplemented" });
  const system = client.unary(
    methods.systemSharedMemoryStatus,
    create(SystemSharedMemoryStatusRequestSchema),
    call,
  );
  await expect(system).rejects.toMatchObject({ code: "unimplemented" });
});

it("lists models with their replicas", async () => {
  const list = async (model: string) => {
    const request = create(ListModelsRequestSchema, { model });
    return (await client.unary(ControlService.method.listModels, request, call)).message.versions;
  };
  const [bad, m] = await list("");
  expect(bad).toMatchObject({ model: "bad", version: 0, state: ModelState.FAILED });
  expect(m).toMatchObject({
    ...{
      model: "m",
      version: 1,
      state: ModelState.READY,
      digest: expect.stringMatching(/^\w{64}$/),
    },
    description: { inputs: [{ name: "x" }], batching: { enabled: true } },
    replicas: [{ instance: "m-1-0", connected: true, state: ModelState.READY, inFlight: 0 }],
  });
  await expect(list("none")).rejects.toMatchObject({ code: "not-found" });
});

it.each([
  ["", "SERVING"],
  ["m", "SERVING"],
  ["m/1", "SERVING"],
  ["bad", "NOT_SERVING"],
  ["inference.GRPCInferenceService", "SERVING"],
  ["sluice.predict.v1.PredictService", "SERVING"],
])("answers for the health of %j: %s", async (name, status) => {
  expect(await healthOf(gateway.grpc, name)).toBe(status);
});

it("shows its own metrics and its workers'", async () => {
  const text = await (await fetch(`http://${gateway.metrics}/metrics`)).text();
  expect(text).toMatch(/^sluice_gateway_requests_total\{.*model="m".*status="OK".*\} [1-9]/m);
  expect(text).toMatch(/^sluice_gateway_request_seconds_bucket\{.*model="m"/m);
  expect(text).toMatch(/^sluice_gateway_model_ready\{.*model="m".*\} 1$/m);
  expect(text).toMatch(/^sluice_worker_requests_total\{.*worker="m-1-0"/m);
});
