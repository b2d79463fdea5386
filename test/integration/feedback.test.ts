import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Feedback } from "#core/performance/feedback.ts";
import { parsePredictionId } from "#core/prediction-id.ts";
import {
  type FeedbackSchema,
  PredictRequestSchema,
  PredictService,
  SendFeedbackRequestSchema,
} from "#gen/sluice/predict/v1/predict_pb.ts";
import type { Bus } from "#platform/bus/bus.ts";
import { openBus } from "#platform/bus/nats.ts";
import { feedbackStream } from "#platform/bus/streams.ts";
import { silentLog } from "#platform/log.ts";
import { PredictionTokens } from "#platform/prediction-tokens.ts";
import { RpcClient } from "#platform/rpc/client.ts";
import { decodeFeedback } from "#wire/feedback/message.ts";
import { startTestGateway } from "../support/gateway.ts";
import { identityModel } from "../support/models.ts";
import { startTestNats } from "../support/nats.ts";
import { startTestWorker } from "../support/worker.ts";

const call = { deadlineMs: 20_000 };
const secret = "the secret of a test";
const { predict, sendFeedback } = PredictService.method;
const open = new AsyncDisposableStack();
let client: RpcClient;
let bus: Bus;

beforeAll(async () => {
  const nats = open.use(await startTestNats());
  bus = open.use(await openBus({ url: nats.url, name: "test", log: silentLog }));
  const worker = open.use(
    await startTestWorker({ files: { "1/model.onnx": identityModel("FP32", ["N", 2]) } }),
  );
  const gateway = open.use(
    await startTestGateway({
      env: { NATS_URL: nats.url, SLUICE_TOKEN_SECRET: secret },
      workers: [{ instance: "m-1-0", address: worker.address }],
    }),
  );
  await gateway.serving;
  client = open.use(new RpcClient(gateway.grpc));
});

afterAll(async () => await open.disposeAsync());

async function predictOne(metadata: Record<string, string> = {}) {
  const numbers = (value: number) => ({ case: "numbers" as const, value: { values: [value] } });
  const request = create(PredictRequestSchema, {
    model: "m",
    columns: [
      { name: "x.0", values: numbers(5) },
      { name: "x.1", values: numbers(6) },
    ],
  });
  return (await client.unary(predict, request, { ...call, metadata })).message;
}

async function send(feedback: MessageInitShape<typeof FeedbackSchema>[], model: string = "m") {
  const request = create(SendFeedbackRequestSchema, { model, feedback });
  return (await client.unary(sendFeedback, request, call)).message;
}

const stop = new AbortController();

/** The first labels that were stored, so many. */
async function stored(count: number): Promise<Feedback[]> {
  const all: Feedback[] = [];
  const { name } = feedbackStream;
  const { signal } = stop;
  for await (const { subject, data } of bus.consume({
    stream: name,
    subjects: [],
    fromSeq: 1,
    signal,
  })) {
    expect(subject).toBe("sluice.feedback.m");
    all.push(...decodeFeedback(data, "m"));
    if (all.length >= count) break;
  }
  return all;
}

const number = (value: number) => ({ label: { case: "number" as const, value } });

it("signs what it predicted, for callers who ask", async () => {
  expect((await predictOne()).predictionToken).toHaveLength(0);
  const { predictionId, predictionToken } = await predictOne({ "sluice-prediction-token": "1" });
  const content = new PredictionTokens(secret).open(predictionToken);
  expect(content).toMatchObject({
    ...{ model: "m", version: 1, rows: 1, predictionId: parsePredictionId(predictionId) },
    outputs: [{ values: [5] }, { values: [6] }],
  });
});

it("stores the labels that can be used, and says of the others why not", async () => {
  const { predictionId, predictionToken } = await predictOne({ "sluice-prediction-token": "1" });
  const forged = Uint8Array.from(predictionToken);
  forged[40] = (forged[40] ?? 0) ^ 1;
  const byToken = (value: Uint8Array) => ({
    prediction: { case: "predictionToken" as const, value },
    ...number(2),
  });
  const reply = await send([
    { prediction: { case: "predictionId", value: predictionId }, ...number(1) },
    { prediction: { case: "predictionId", value: "no uuid" }, ...number(1) },
    byToken(predictionToken),
    byToken(forged),
    { ...byToken(predictionToken), row: 1 },
    {
      prediction: { case: "requestId", value: "mine" },
      row: 7,
      label: { case: "text", value: "yes" },
    },
  ]);
  expect(reply).toMatchObject({
    accepted: 3,
    failures: [
      { place: 1, status: 3, message: '"no uuid" is no prediction id' },
      { place: 3, status: 3, message: "its token was not signed by this cluster" },
      { place: 4, status: 3, message: "its token has 1 rows" },
    ],
  });
  expect(await stored(3)).toEqual([
    { target: { kind: "prediction", id: parsePredictionId(predictionId) }, row: 0, label: 1 },
    { target: { kind: "token", token: Uint8Array.from(predictionToken) }, row: 0, label: 2 },
    { target: { kind: "request", id: "mine" }, row: 7, label: "yes" },
  ]);
});

it("knows no labels of models it does not know", async () => {
  await expect(send([], "nothing")).rejects.toMatchObject({ code: "not-found" });
});

it("refuses labels where there is nothing to store them in", async () => {
  const worker = open.use(
    await startTestWorker({ files: { "1/model.onnx": identityModel("FP32", ["N", 2]) } }),
  );
  const workers = [{ instance: "m-1-0", address: worker.address }];
  const gateway = open.use(await startTestGateway({ workers }));
  using alone = new RpcClient(gateway.grpc);
  const feedback = [{ prediction: { case: "requestId" as const, value: "a" }, ...number(1) }];
  const request = create(SendFeedbackRequestSchema, { model: "m", feedback });
  await expect(alone.unary(sendFeedback, request, call)).rejects.toMatchObject({
    code: "unavailable",
  });
});
