import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PredictionEvent } from "#core/prediction/event.ts";
import { Method, Role } from "#gen/sluice/link/v1/link_pb.ts";
import { PredictRequestSchema } from "#gen/sluice/predict/v1/predict_pb.ts";
import { openBus } from "#platform/bus/nats.ts";
import { predictionStream, workersBucket } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { decodePredictionMessage } from "#wire/event/decode.ts";
import { floats } from "../support/infer.ts";
import { LinkClient, requestHeader } from "../support/link-client.ts";
import { identityModel, zipMapModel } from "../support/models.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { startTestWorker } from "../support/worker.ts";

let nats: TestNats;

beforeAll(async () => {
  nats = await startTestNats();
}, 120_000);

afterAll(async () => {
  await nats[Symbol.asyncDispose]();
});

/** Events of one worker from the beginning of the stream, until the condition holds. */
async function eventsUntil(
  producer: string,
  isEnough: (events: readonly PredictionEvent[]) => boolean,
): Promise<PredictionEvent[]> {
  await using bus = await openBus({ url: nats.url, name: "test", log: silentLog });
  await new Promise<void>((resolve) => void bus.onConnection(resolve));
  await bus.ensureStream(predictionStream);
  const controller = new AbortController();
  const { name: stream } = predictionStream;
  const { signal } = controller;
  const events: PredictionEvent[] = [];
  const subjects = ["sluice.prediction.m.1"];
  for await (const { data } of bus.consume({ stream, subjects, fromSeq: 1, signal })) {
    const message = decodePredictionMessage(data);
    if (message.kind === "event" && message.event.producer === producer) events.push(message.event);
    if (isEnough(events)) break;
  }
  controller.abort();
  return events;
}

function included(events: readonly PredictionEvent[]): number {
  return events.reduce((sum, { rowsIncluded }) => sum + rowsIncluded, 0);
}

describe("a worker with a bus", () => {
  test("publishes what it answered, in columns, by name and with its accounts", async () => {
    const yaml = `
features:
  - { name: a, input: x }
  - { name: b, input: x, default: 9 }
  - { name: c, input: x }
  - { name: d, input: x }
outputs:
  - { name: verdict, output: label, role: label, labels: [no, yes] }
  - { name: chances, output: probabilities, role: probabilities, labels: [no, yes] }
`;
    await using worker = await startTestWorker({
      files: { "1/model.onnx": zipMapModel({ classes: [0, 1] }), "model.yaml": yaml },
      env: { NATS_URL: nats.url },
    });
    using link = new LinkClient(worker.address);
    const { producer, digest } = await link.settled();
    const sampled = requestHeader();
    const trace = { ...sampled.trace, flags: 1 };
    await link.ask(floats(2, 4), { ...sampled, trace, attempt: 2, role: Role.HEDGE });
    const numbers = (values: number[]) => ({ case: "numbers" as const, value: { values } });
    const columns = ["a", "c", "d"].map((name) => ({ name, values: numbers([1]) }));
    const predict = create(PredictRequestSchema, { columns });
    const asked = await link.ask(toBinary(PredictRequestSchema, predict), {
      method: Method.PREDICT,
    });
    expect(asked.header.message).toBe("");

    const events = await eventsUntil(producer, (seen) => included(seen) === 3);
    const last = events.at(-1);
    expect(last).toMatchObject({ cluster: "local", model: "m", version: 1, digest, rowsTotal: 3 });
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.reduce((sum, { rowsCovered }) => sum + rowsCovered, 0)).toBe(3);

    const [first] = events;
    expect(first?.columns.map(({ name, kind, dtype }) => `${kind} ${name} ${dtype}`)).toEqual([
      "feature a FP32",
      "feature b FP32",
      "feature c FP32",
      "feature d FP32",
      "output verdict INT64",
      "output chances.no FP32",
      "output chances.yes FP32",
    ]);
    expect(first?.requests.attempts[0]).toBe(2);
    expect(first?.requests.roles[0]).toBe("hedge");
    expect(first?.requests.requestIds[0]).toBe("mine");
    expect(first?.requests.traceFlags[0]).toBe(1);
    expect([...(first?.requests.predictionIds.subarray(0, 16) ?? [])]).toEqual([
      ...(sampled.predictionId ?? []),
    ]);
    const verdict = first?.columns[4]?.values;
    expect(
      verdict?.kind === "texts" && verdict.dictionary.every((text) => /no|yes/.test(text)),
    ).toBe(true);
    const b = last?.columns[1];
    expect(b?.nulls.length).toBe(1);
    expect(b?.values.kind === "numbers" && b.values.data.at(-1)).toBe(9);
  });

  test("tells where it can be dialled, and takes that back when it stops", async () => {
    const worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { NATS_URL: nats.url, SLUICE_INSTANCE: "told.1", SLUICE_WORKER_ADVERTISE: "here:1" },
    });
    await using bus = await openBus({ url: nats.url, name: "test", log: silentLog });
    await new Promise<void>((resolve) => void bus.onConnection(resolve));
    const workers = await bus.store(workersBucket);
    const seen: unknown[] = [];
    const controller = new AbortController();
    for await (const { key, value } of workers.watch({ signal: controller.signal })) {
      if (key !== "told_2e1") continue;
      seen.push(value === undefined ? "gone" : JSON.parse(new TextDecoder().decode(value)));
      if (seen.length === 1) void worker.stop();
      if (value === undefined) break;
    }
    controller.abort();
    await worker[Symbol.asyncDispose]();
    expect(seen[0]).toMatchObject({
      instance: "told.1",
      address: "here:1",
      model: "m",
      version: 1,
    });
    expect(seen.at(-1)).toBe("gone");
  });

  test("holds events while the bus is away, and publishes each once when it is back", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { NATS_URL: nats.url },
    });
    using link = new LinkClient(worker.address);
    const { producer } = await link.settled();
    await link.ask(floats(1, 2));
    await eventsUntil(producer, (seen) => included(seen) === 1);
    await nats.stop();
    await link.ask(floats(2, 2));
    await link.ask(floats(3, 2));
    await nats.start();
    const events = await eventsUntil(producer, (seen) => included(seen) === 6);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  }, 30_000);

  test("goes on telling that it lives after its last row", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { NATS_URL: nats.url },
    });
    using link = new LinkClient(worker.address);
    const { producer } = await link.settled();
    await link.ask(floats(1, 2));
    const events = await eventsUntil(producer, (seen) => seen.length === 2);
    expect(events.map(({ rowsTotal, rowsIncluded }) => [rowsTotal, rowsIncluded])).toEqual([
      [1, 1],
      [1, 0],
    ]);
  });

  test("tells how many rows it could not answer, but for those of shadows", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { NATS_URL: nats.url },
    });
    using link = new LinkClient(worker.address);
    const { producer } = await link.settled();
    const refused = async (role: Role) => {
      const { header } = await link.ask(new Uint8Array([255]), { ...requestHeader(), role });
      expect(header.status).not.toBe(0);
    };
    await refused(Role.PRIMARY);
    await refused(Role.SHADOW);
    await refused(Role.HEDGE);
    await link.ask(floats(3, 2));
    const failed = (seen: readonly PredictionEvent[]) =>
      seen.reduce((sum, { rowsFailed }) => sum + rowsFailed, 0);
    const events = await eventsUntil(producer, (seen) => failed(seen) > 1 && included(seen) === 3);
    expect(failed(events)).toBe(2);
    expect(events.at(-1)?.rowsTotal).toBe(3);
  });

  test("publishes its last rows when it is stopped", async () => {
    const worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { NATS_URL: nats.url },
    });
    using link = new LinkClient(worker.address);
    const { producer } = await link.settled();
    await link.ask(floats(5, 2));
    await worker[Symbol.asyncDispose]();
    const events = await eventsUntil(producer, (seen) => included(seen) === 5);
    expect(included(events)).toBe(5);
  });

  test("samples rows evenly above its budget and says how many it stands for", async () => {
    await using worker = await startTestWorker({
      files: { "1/model.onnx": identityModel("FP32") },
      env: { NATS_URL: nats.url, SLUICE_EVENT_VALUES_PER_SECOND: "400" },
    });
    using link = new LinkClient(worker.address);
    const { producer } = await link.settled();
    for (let round = 0; round < 20; round += 1) await link.ask(floats(500, 2));
    const covered = (seen: readonly PredictionEvent[]) =>
      seen.reduce((sum, { rowsCovered }) => sum + rowsCovered, 0);
    const events = await eventsUntil(producer, (seen) => covered(seen) === 10_000);
    expect(events.at(-1)?.rowsTotal).toBe(10_000);
    expect(included(events)).toBeLessThan(10_000);
    expect(included(events)).toBeGreaterThan(0);
  });
});
