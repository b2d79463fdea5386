import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ModelInferResponseSchema } from "#gen/inference/grpc_service_pb.ts";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { Method } from "#gen/sluice/link/v1/link_pb.ts";
import { PredictRequestSchema, PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { fetchExposition } from "#platform/metrics.ts";
import { statusCode } from "#wire/status.ts";
import { inferBytes, LinkClient, type LinkReply } from "../support/link-client.ts";
import {
  identityModel,
  keptOutModel,
  lookupModel,
  mlpModel,
  slowModel,
} from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

function floats(rows: number, width: number, value = 1): Uint8Array {
  const data = new Float32Array(rows * width).fill(value);
  return inferBytes({
    id: "mine",
    inputs: [{ name: "x", datatype: "FP32", shape: [BigInt(rows), BigInt(width)] }],
    rawInputContents: [new Uint8Array(data.buffer)],
  });
}

function turns(count: bigint): Uint8Array {
  return inferBytes({
    inputs: [
      { name: "x", datatype: "FP32", shape: [1n, 2n], contents: { fp32Contents: [1, 2] } },
      { name: "turns", datatype: "INT64", shape: [1n], contents: { int64Contents: [count] } },
    ],
  });
}

function floatsOf(bytes: Uint8Array = new Uint8Array(0)): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function answer({ header, payload }: LinkReply) {
  expect(header.message).toBe("");
  return fromBinary(ModelInferResponseSchema, payload);
}

describe("a worker", () => {
  test("says who it is and how its model is, then answers", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": mlpModel([4, 8, 2]) } });
    using link = new LinkClient(worker.address);
    const hello = await link.settled();
    expect(hello).toMatchObject({ instance: "m-1-0", cluster: "local", model: "m", version: 1 });
    expect(hello.state).toBe(ModelState.READY);
    expect(hello.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(hello.description?.batching?.enabled).toBe(true);
    expect(link.credit.requests).toBeGreaterThanOrEqual(0);

    const reply = await link.ask(floats(3, 4));
    const response = answer(reply);
    expect(response).toMatchObject({ modelName: "m", modelVersion: "1", id: "mine" });
    expect(response.outputs[0]).toMatchObject({ name: "y", datatype: "FP32", shape: [3n, 2n] });
    expect(reply.header).toMatchObject({ status: 0, rows: 3, rowsAnswered: 3n });
    expect(reply.header.batch).toMatchObject({ rows: 3, requests: 1, closedBy: "idle" });
    expect(reply.header.timings?.totalUs).toBeGreaterThan(0);
    expect(link.started).toEqual([1]);
    expect(worker.told).toContainEqual({ type: "model", state: "ready", reason: "" });
  });

  test("answers by feature name, and records what was left out as such", async () => {
    const yaml =
      "features: [{ name: height, input: x, column: 0, default: 2 }, { name: weight, input: x }]";
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32"), "model.yaml": yaml },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    const numbers = (name: string, values: number[]) => ({
      name,
      values: { case: "numbers" as const, value: { values } },
    });
    const ask = async (columns: ReturnType<typeof numbers>[]) => {
      const message = create(PredictRequestSchema, { id: "mine", columns });
      return await link.ask(toBinary(PredictRequestSchema, message), { method: Method.PREDICT });
    };
    const { header, payload } = await ask([numbers("weight", [5, 6])]);
    expect(header).toMatchObject({ status: 0, message: "", rows: 2 });
    const response = fromBinary(PredictResponseSchema, payload);
    expect(response).toMatchObject({ model: "m", version: "1", id: "mine", rows: 2 });
    expect(response.predictionId).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.predictions.map(({ name, values }) => [name, values.value?.values])).toEqual([
      ["y.0", [2, 2]],
      ["y.1", [5, 6]],
    ]);
    const refused = await ask([numbers("wieght", [5])]);
    expect(refused.header.status).toBe(statusCode.invalidArgument);
    expect(refused.header.message).toContain('Did you mean "weight"?');
  });

  test("refuses what its model does not take, naming input, expected and got", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": mlpModel([4, 8, 2]) } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const input = { name: "x", datatype: "FP32", shape: [1n, 4n] };
    const raw = [new Uint8Array(16)];
    const cases: [Uint8Array, string][] = [
      [floats(1, 5), 'input "x": expected shape [-1,4], got [1,5]'],
      [
        inferBytes({ inputs: [{ ...input, name: "z" }], rawInputContents: raw }),
        'unexpected input "z"',
      ],
      [inferBytes({}), 'missing input "x"'],
      [
        inferBytes({ inputs: [input], rawInputContents: [new Uint8Array(15)] }),
        "expected 16 bytes",
      ],
      [
        inferBytes({ inputs: [{ ...input, datatype: "INT32" }], rawInputContents: raw }),
        "expected FP32, got INT32",
      ],
      [
        inferBytes({ inputs: [input], rawInputContents: raw, outputs: [{ name: "q" }] }),
        'unexpected output "q"',
      ],
      [Uint8Array.of(1, 2, 3), "not a ModelInferRequest"],
    ];
    for (const [payload, problem] of cases) {
      const { header } = await link.ask(payload);
      expect(header.status).toBe(statusCode.invalidArgument);
      expect(header.message).toContain(problem);
    }
    expect(answer(await link.ask(floats(1, 4))).outputs).toHaveLength(1);
  });

  test("runs together what comes together, and gives each its own rows", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    const ids = [1, 2, 3, 4, 5, 6].map((value) => link.begin(floats(value, 2, value)));
    const replies = await Promise.all(ids.map((id) => link.reply(id)));
    replies.forEach((reply, index) => {
      const values = [...floatsOf(answer(reply).rawOutputContents[0])];
      expect(values).toEqual(new Array((index + 1) * 2).fill(index + 1));
    });
    expect(Math.max(...replies.map(({ header }) => header.batch?.requests ?? 0))).toBeGreaterThan(
      1,
    );
  });

  test("runs a request larger than a batch in parts and joins them", async () => {
    const batching = "batching: { rowsMax: 8 }";
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32"), "model.yaml": batching },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    const data = Float32Array.from({ length: 100 }, (_, index) => index);
    const bytes = new Uint8Array(data.buffer);
    const reply = await link.ask(
      inferBytes({
        inputs: [{ name: "x", datatype: "FP32", shape: [50n, 2n] }],
        rawInputContents: [bytes],
      }),
    );
    expect(answer(reply).outputs[0]?.shape).toEqual([50n, 2n]);
    expect([...(answer(reply).rawOutputContents[0] ?? [])]).toEqual([...bytes]);
    expect(reply.header).toMatchObject({ rows: 50, rowsAnswered: 50n });
    expect(reply.header.batch?.rows).toBeLessThanOrEqual(8);
  });

  test("takes and gives payloads of many megabytes in chunks, beside small ones", async () => {
    const width = 50_000;
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32", ["N", width]) },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    const large = link.begin(floats(100, width, 7));
    const small = await link.ask(floats(1, width, 3));
    expect(answer(small).outputs[0]?.shape).toEqual([1n, BigInt(width)]);
    const reply = answer(await link.reply(large));
    expect(reply.outputs[0]?.shape).toEqual([100n, BigInt(width)]);
    const values = floatsOf(reply.rawOutputContents[0]);
    expect(values.length).toBe(100 * width);
    expect(values.every((value) => value === 7)).toBe(true);
  });

  test("gives others their turns while a request of many parts runs", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32"), "model.yaml": "batching: { rowsMax: 2 }" },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    const large = link.begin(floats(3000, 2));
    let isDone = false;
    const done = link.reply(large).then((reply) => {
      isDone = true;
      return reply;
    });
    await link.until(({ started }) => started.includes(large));
    await link.ask(floats(1, 2));
    expect(isDone).toBe(false);
    expect((await done).header).toMatchObject({ status: 0, rows: 3000, rowsAnswered: 3001n });
  });

  test("refuses a request beyond the limit and goes on with others", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { SLUICE_MESSAGE_BYTES_MAX: "100000" },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    const { header } = await link.ask(floats(20_000, 2));
    expect(header.status).toBe(statusCode.resourceExhausted);
    expect(header.message).toContain("limit 100000");
    expect(answer(await link.ask(floats(1, 2))).outputs).toHaveLength(1);
  });

  test("gives the error of a failing batch only to the request that cannot run", async () => {
    const delay = "batching: { queueDelayMs: 5 }";
    await using worker = await startTestWorker({
      files: { "1/model.onnx": lookupModel(10), "model.yaml": delay },
    });
    using link = new LinkClient(worker.address);
    const { description } = await link.settled();
    expect(description?.batching?.enabled).toBe(true);
    const look = (index: bigint) =>
      link.begin(
        inferBytes({
          inputs: [
            { name: "x", datatype: "INT64", shape: [1n], contents: { int64Contents: [index] } },
          ],
        }),
      );
    const ids = [1n, 2n, 99n, 3n, 4n].map(look);
    const replies = await Promise.all(ids.map((id) => link.reply(id)));
    const { internal } = statusCode;
    expect(replies.map(({ header }) => header.status)).toEqual([0, 0, internal, 0, 0]);
  });

  test("answers a request whose deadline passes in the queue at that moment", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const first = link.begin(turns(20_000n));
    await link.until(({ started }) => started.includes(first));
    const { header } = await link.ask(turns(1n), { deadlineMs: 20 });
    expect(header.status).toBe(statusCode.deadlineExceeded);
    expect(link.started).toEqual([first]);
    expect((await link.reply(first)).header.status).toBe(0);
  });

  test("forgets a queued request that is cancelled, and gives its credit back", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const granted = link.credit.requests;
    const first = link.begin(turns(20_000n));
    await link.until(({ started }) => started.includes(first));
    const second = link.begin(turns(1n));
    link.control({ case: "cancel", value: { ids: [second] } });
    await link.until(({ credit }) => credit.requests > granted);
    expect((await link.reply(first)).header.status).toBe(0);
    expect((await link.ask(turns(1n))).header.status).toBe(0);
    expect(link.started).toEqual([first, second + 1]);
  });

  test("keeps the process and says why when the model cannot be served", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": keptOutModel("BF16") } });
    using link = new LinkClient(worker.address);
    const hello = await link.settled();
    expect(hello.state).toBe(ModelState.FAILED);
    expect(hello.reason).toContain("BF16");
    expect(worker.told).toEqual([{ type: "model", state: "failed", reason: hello.reason }]);
  });

  test("ends a link that begins more than it was granted", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": keptOutModel("BF16") } });
    using link = new LinkClient(worker.address);
    await link.settled();
    link.begin(floats(1, 2));
    await link.until(({ ended }) => ended !== undefined);
    expect(link.ended?.code).toBe(statusCode.invalidArgument);
    expect(link.ended?.details).toContain("beyond the credit");
  });

  test("finishes what it holds when it is told to stop, and takes nothing more", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": slowModel() } });
    using link = new LinkClient(worker.address);
    await link.settled();
    const held = link.begin(turns(20_000n));
    const queued = link.begin(turns(1n));
    await link.until(({ started }) => started.includes(held));
    const stopped = worker.stop();
    await link.until(({ goodbye }) => goodbye !== undefined);
    const late = await link.ask(turns(1n));
    expect(late.header.status).toBe(statusCode.unavailable);
    expect((await link.reply(held)).header.status).toBe(0);
    expect((await link.reply(queued)).header.status).toBe(0);
    await link.until(({ ended }) => ended !== undefined);
    expect(link.ended?.code).toBe(0);
    await stopped;
  });

  test("crashes when a run never ends", async () => {
    const crashed = Promise.withResolvers<string>();
    await using worker = await startTestWorker({
      files: { "1/model.onnx": slowModel() },
      env: { SLUICE_RUN_MAX_MS: "50" },
      onCrash: ({ message }) => crashed.resolve(message),
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    link.begin(turns(30_000n));
    expect(await crashed.promise).toContain("longer than 50 ms");
  });

  test("counts what it did", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
    });
    using link = new LinkClient(worker.address);
    await link.settled();
    await link.ask(floats(3, 2));
    await link.ask(floats(3, 5));
    const text = await fetchExposition(worker.metrics, 5000);
    expect(text).toMatch(/sluice_worker_requests_total\{[^}]*status="OK"[^}]*\} 1/);
    expect(text).toMatch(/sluice_worker_requests_total\{[^}]*status="INVALID_ARGUMENT"[^}]*\} 1/);
    expect(text).toMatch(/sluice_worker_rows_total\{[^}]*model="m"[^}]*\} 3/);
    expect(text).toMatch(/sluice_worker_links\{[^}]*\} 1/);
  });
});
