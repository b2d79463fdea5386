import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ModelState } from "#gen/sluice/control/v1/model_pb.ts";
import { Method } from "#gen/sluice/link/v1/link_pb.ts";
import { PredictRequestSchema, PredictResponseSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { fetchExposition } from "#platform/exposition.ts";
import { answerOf, floats, inferBytes, outputFloats } from "../support/infer.ts";
import { LinkClient } from "../support/link-client.ts";
import { identityModel, mlpModel } from "../support/models.ts";
import { startTestWorker } from "../support/worker.ts";

describe("a worker", () => {
  test("says who it is and how its model is, then answers", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": mlpModel([4, 8, 2]) } });
    using link = new LinkClient(worker.address);
    const hello = await link.settled();
    expect(hello).toMatchObject({ instance: "m-1-0", cluster: "local", model: "m", version: 1 });
    expect(hello.state).toBe(ModelState.READY);
    expect(hello.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(hello.description?.batching?.enabled).toBe(true);
    expect(link.credit.requests).toBe(128);

    const reply = await link.ask(floats(3, 4));
    const response = answerOf(reply);
    expect(response).toMatchObject({ modelName: "m", modelVersion: "1", id: "mine" });
    expect(response.outputs[0]).toMatchObject({ name: "y", datatype: "FP32", shape: [3n, 2n] });
    expect(reply.header).toMatchObject({ status: 0, rows: 3, rowsAnswered: 3 });
    expect(reply.header.batch).toMatchObject({ rows: 3, requests: 1, closedBy: "idle" });
    expect(reply.header.timings?.totalUs).toBeGreaterThan(0);
    expect(link.started).toEqual([1]);
    expect(worker.told).toContainEqual({ type: "model", state: "ready", reason: "" });
  });

  test("grants the room of a request anew in the message that answers it", async () => {
    await using worker = await startTestWorker({ files: { "1/model.onnx": mlpModel([4, 8, 2]) } });
    using link = new LinkClient(worker.address);
    await link.settled();
    for (let asked = 1; asked <= 3; asked += 1) {
      await link.ask(floats(1, 4));
      expect(link.credit.requests).toBe(128 + asked);
    }
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
    expect(refused.header.status).toBe(3);
    expect(refused.header.message).toContain('Did you mean "weight"?');
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
      const values = [...outputFloats(answerOf(reply))];
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
    expect(answerOf(reply).outputs[0]?.shape).toEqual([50n, 2n]);
    expect([...(answerOf(reply).rawOutputContents[0] ?? [])]).toEqual([...bytes]);
    expect(reply.header).toMatchObject({ rows: 50, rowsAnswered: 50 });
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
    expect(answerOf(small).outputs[0]?.shape).toEqual([1n, BigInt(width)]);
    const reply = answerOf(await link.reply(large));
    expect(reply.outputs[0]?.shape).toEqual([100n, BigInt(width)]);
    const values = outputFloats(reply);
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
    expect((await done).header).toMatchObject({ status: 0, rows: 3000, rowsAnswered: 3001 });
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
